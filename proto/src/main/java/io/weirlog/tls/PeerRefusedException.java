package io.weirlog.tls;

import java.security.cert.CertificateException;
import org.jspecify.annotations.Nullable;

/// The certificate that the other side showed is not accepted. The message is for people.
public final class PeerRefusedException extends CertificateException {
    private static final long serialVersionUID = 1;

    private final Cause why;

    public enum Cause {
        EXPIRED,
        NOT_YET_VALID,
        UNKNOWN_AUTHORITY,
        WRONG_HOST,
        /// It is not of those that this port is for.
        NOT_ALLOWED,
        OTHER
    }

    PeerRefusedException(Cause why, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.why = why;
    }

    public Cause why() {
        return why;
    }
}
