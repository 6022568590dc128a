package io.weirlog.tls;

import java.net.Socket;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// Checks the other side's certificate, and says in plain words what is wrong with it.
final class PeerTrust extends X509ExtendedTrustManager {
    private static final int CAUSES_MAX = 16;
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;

    private final Supplier<Authorities> authorities;
    private final Function<X509Certificate, Optional<String>> objection;

    PeerTrust(Supplier<Authorities> authorities, Function<X509Certificate, Optional<String>> objection) {
        this.authorities = authorities;
        this.objection = objection;
    }

    @FunctionalInterface
    private interface Check {
        void run(X509ExtendedTrustManager by) throws CertificateException;
    }

    private void check(X509Certificate[] chain, @Nullable String host, Check check) throws PeerRefusedException {
        Authorities now = authorities.get();
        try {
            check.run(now.check());
        } catch (CertificateException e) {
            throw refused(chain[0], host, now, e);
        }
        Optional<String> more = objection.apply(chain[0]);
        if (more.isPresent()) {
            throw new PeerRefusedException(
                    PeerRefusedException.Cause.NOT_ALLOWED, name(chain[0]) + " " + more.get(), null);
        }
    }

    private static PeerRefusedException refused(
            X509Certificate certificate, @Nullable String host, Authorities by, CertificateException e) {
        // The cause stays the JDK's: from it the alert is chosen that the other side is told.
        Throwable cause = e.getCause() == null ? e : e.getCause();
        String who = name(certificate);
        if (has(e, CertificateExpiredException.class)) {
            return new PeerRefusedException(
                    PeerRefusedException.Cause.EXPIRED,
                    who + ", or one above it, has expired: it was valid until "
                            + certificate.getNotAfter().toInstant(),
                    cause);
        }
        if (has(e, CertificateNotYetValidException.class)) {
            return new PeerRefusedException(
                    PeerRefusedException.Cause.NOT_YET_VALID,
                    who + ", or one above it, is not valid yet, but from "
                            + certificate.getNotBefore().toInstant() + " on: do the clocks agree?",
                    cause);
        }
        String message = String.valueOf(e.getMessage());
        if (has(e, CertPathBuilderException.class) || message.contains("does not chain")) {
            return new PeerRefusedException(
                    PeerRefusedException.Cause.UNKNOWN_AUTHORITY,
                    who + " is not signed by an authority in " + by.file() + ", but by "
                            + certificate.getIssuerX500Principal(),
                    cause);
        }
        if (message.startsWith("No subject alternative") || message.startsWith("No name matching")) {
            return new PeerRefusedException(
                    PeerRefusedException.Cause.WRONG_HOST,
                    who + " is for the hosts " + hosts(certificate) + " and not for " + host,
                    cause);
        }
        return new PeerRefusedException(PeerRefusedException.Cause.OTHER, who + " is refused: " + message, cause);
    }

    private static boolean has(Throwable failure, Class<? extends Throwable> kind) {
        Throwable cause = failure;
        for (int i = 0; cause != null && i < CAUSES_MAX; i++, cause = cause.getCause()) {
            if (kind.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    private static String name(X509Certificate certificate) {
        return "the certificate of " + certificate.getSubjectX500Principal();
    }

    private static List<String> hosts(X509Certificate certificate) {
        List<String> hosts = new ArrayList<>();
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            if (names != null) {
                for (List<?> name : names) {
                    if (name.get(0).equals(DNS_NAME) || name.get(0).equals(IP_ADDRESS)) {
                        hosts.add(String.valueOf(name.get(1)));
                    }
                }
            }
        } catch (CertificateParsingException e) {
            hosts.add("that cannot be read");
        }
        return hosts;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
            throws CertificateException {
        check(chain, null, by -> by.checkClientTrusted(chain, authType, engine));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
            throws CertificateException {
        String host = engine == null ? null : engine.getPeerHost();
        check(chain, host, by -> by.checkServerTrusted(chain, authType, engine));
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
            throws CertificateException {
        check(chain, null, by -> by.checkClientTrusted(chain, authType, socket));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
            throws CertificateException {
        check(chain, null, by -> by.checkServerTrusted(chain, authType, socket));
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        check(chain, null, by -> by.checkClientTrusted(chain, authType));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        check(chain, null, by -> by.checkServerTrusted(chain, authType));
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return authorities.get().check().getAcceptedIssuers();
    }
}
