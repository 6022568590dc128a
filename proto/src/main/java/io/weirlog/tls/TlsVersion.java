package io.weirlog.tls;

import java.util.List;

/// The oldest version of TLS that is spoken.
public enum TlsVersion {
    TLS_1_2("1.2"),
    TLS_1_3("1.3");

    private final String number;

    TlsVersion(String number) {
        this.number = number;
    }

    /// As it stands in a configuration.
    public String number() {
        return number;
    }

    /// This version and the newer ones, by the names that the JDK has for them.
    public List<String> protocols() {
        return switch (this) {
            case TLS_1_2 -> List.of("TLSv1.3", "TLSv1.2");
            case TLS_1_3 -> List.of("TLSv1.3");
        };
    }
}
