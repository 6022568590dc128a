package io.weirlog.client;

import java.util.Optional;
import java.util.regex.Pattern;

/// Where a broker listens. Written `host:port`, `[ipv6]:port`, or without the port for Weirlog's own, 7171.
record Address(String host, int port) {
    private static final int DEFAULT_PORT = 7171;
    private static final Pattern FORM =
            Pattern.compile("(\\[(?<ipv6>[0-9a-fA-F:.]+(%\\w+)?)]|(?<host>[^:\\[\\]/\\s]+))(:(?<port>\\d{1,5}))?");

    static Optional<Address> tryParse(String text) {
        var matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        var host = Optional.ofNullable(matcher.group("ipv6")).or(() -> Optional.ofNullable(matcher.group("host")));
        var port = Optional.ofNullable(matcher.group("port"))
                .map(Integer::parseInt)
                .orElse(DEFAULT_PORT);
        return port < 1 || port > 65_535 ? Optional.empty() : host.map(name -> new Address(name, port));
    }

    /// @throws IllegalArgumentException if it is no address
    static Address parse(String text) {
        return tryParse(text)
                .orElseThrow(() -> new IllegalArgumentException(
                        "\"" + text + "\" is no broker address: write host:port, such as 127.0.0.1:7171"));
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
