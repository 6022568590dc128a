package io.weirlog.tls;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// Says in plain words why a TLS connection did not come about.
///
/// @param kind of few, for metrics
/// @param message for people
public record TlsFailure(Kind kind, String message) {
    private static final int CAUSES_MAX = 16;
    private static final Pattern ALERT = Pattern.compile("Received fatal alert: (\\w+)");

    public enum Kind {
        /// The other side speaks no TLS.
        PLAINTEXT,
        NO_CERTIFICATE,
        EXPIRED,
        UNKNOWN_AUTHORITY,
        WRONG_HOST,
        NOT_ALLOWED,
        /// The other side did not accept what was shown to it.
        REFUSED_BY_PEER,
        OTHER
    }

    /// Empty if `failure` has nothing to do with TLS: a connection that only broke, too.
    public static Optional<TlsFailure> of(@Nullable Throwable failure) {
        Throwable cause = failure;
        Optional<TlsFailure> general = Optional.empty();
        for (int i = 0; cause != null && i < CAUSES_MAX; i++, cause = cause.getCause()) {
            if (cause instanceof PeerRefusedException refused) {
                return Optional.of(new TlsFailure(kind(refused.why()), String.valueOf(refused.getMessage())));
            }
            if (cause instanceof SSLException && general.isEmpty()) {
                general = of((SSLException) cause);
            }
        }
        return general;
    }

    private static Kind kind(PeerRefusedException.Cause why) {
        return switch (why) {
            case EXPIRED, NOT_YET_VALID -> Kind.EXPIRED;
            case UNKNOWN_AUTHORITY -> Kind.UNKNOWN_AUTHORITY;
            case WRONG_HOST -> Kind.WRONG_HOST;
            case NOT_ALLOWED -> Kind.NOT_ALLOWED;
            case OTHER -> Kind.OTHER;
        };
    }

    private static Optional<TlsFailure> of(SSLException failure) {
        String message = String.valueOf(failure.getMessage());
        String type = failure.getClass().getSimpleName();
        Matcher alert = ALERT.matcher(message);
        if (alert.find()) {
            return Optional.of(ofAlert(alert.group(1)));
        }
        // Netty's; it is not among what this module knows.
        if (type.equals("NotSslRecordException") || message.startsWith("Unsupported or unrecognized SSL message")) {
            return Optional.of(new TlsFailure(Kind.PLAINTEXT, "the other side does not speak TLS"));
        }
        if (message.startsWith("Empty client certificate chain")) {
            return Optional.of(new TlsFailure(Kind.NO_CERTIFICATE, "the other side shows no certificate"));
        }
        if (type.contains("Closed") || message.contains("closed")) {
            return Optional.empty();
        }
        return Optional.of(new TlsFailure(Kind.OTHER, "no TLS connection: " + message));
    }

    private static TlsFailure ofAlert(String alert) {
        return switch (alert) {
            case "certificate_required" ->
                new TlsFailure(Kind.NO_CERTIFICATE, "the other side demands a certificate, and none was shown");
            case "certificate_expired" ->
                new TlsFailure(
                        Kind.REFUSED_BY_PEER, "the other side refuses the certificate shown to it: it has expired");
            case "unknown_ca", "bad_certificate", "certificate_unknown", "certificate_revoked", "access_denied" ->
                new TlsFailure(
                        Kind.REFUSED_BY_PEER,
                        "the other side refuses the certificate shown to it (" + alert
                                + "): it is of an authority that it does not trust, not made for this use or port, or for"
                                + " another host; its log says which");
            case "protocol_version" ->
                new TlsFailure(
                        Kind.OTHER,
                        "no version of TLS is common to both sides: one of them demands 1.3 (" + alert + ")");
            default -> new TlsFailure(Kind.OTHER, "the other side broke off the TLS handshake: " + alert);
        };
    }
}
