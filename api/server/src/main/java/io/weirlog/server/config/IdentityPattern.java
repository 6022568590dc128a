package io.weirlog.server.config;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;

/// A name in a certificate that marks it as a node's: `uri:urn:weirlog:node`, `dns:*.brokers.example.org` or
/// `cn:weirlog-node-*`, where `*` stands for any characters.
///
/// @param text what follows the colon
public record IdentityPattern(Kind kind, String text) {
    /// What `weirlog tls init` puts into nodes' certificates. A URN (RFC 8141) has no authority part that a strict
    /// reader of certificates could miss a domain in.
    public static final String NODE_URI = "urn:weirlog:node";

    private static final int TEXT_CHARS_MAX = 255;
    private static final int PATTERNS_MAX = 16;

    public enum Kind {
        /// A subject alternative name that is a URI.
        URI(6),
        /// A subject alternative name that is a host's.
        DNS(2),
        /// The subject's common name.
        CN(-1);

        private final int nameType;

        Kind(int nameType) {
            this.nameType = nameType;
        }
    }

    /// @param text patterns with commas between them
    /// @throws IllegalArgumentException if they are malformed
    public static List<IdentityPattern> parseAll(String text) {
        var patterns = Arrays.stream(text.split(",", -1))
                .map(String::strip)
                .map(IdentityPattern::parse)
                .toList();
        if (patterns.size() > PATTERNS_MAX) {
            throw new IllegalArgumentException("more than " + PATTERNS_MAX);
        }
        return patterns;
    }

    private static IdentityPattern parse(String text) {
        int colon = text.indexOf(':');
        if (colon < 0 || colon == text.length() - 1 || text.length() > TEXT_CHARS_MAX) {
            throw new IllegalArgumentException(text);
        }
        return new IdentityPattern(
                Kind.valueOf(text.substring(0, colon).toUpperCase(Locale.ROOT)), text.substring(colon + 1));
    }

    public boolean matches(X509Certificate certificate) {
        var parts = Arrays.stream(text.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*"));
        var pattern = Pattern.compile(parts, kind == Kind.DNS ? Pattern.CASE_INSENSITIVE : 0);
        return names(certificate).anyMatch(name -> pattern.matcher(name).matches());
    }

    private Stream<String> names(X509Certificate certificate) {
        return switch (kind) {
            case CN -> commonNames(certificate);
            case URI, DNS -> alternativeNames(certificate);
        };
    }

    private Stream<String> alternativeNames(X509Certificate certificate) {
        try {
            return Objects.requireNonNullElse(certificate.getSubjectAlternativeNames(), List.<List<?>>of()).stream()
                    .filter(name -> name.get(0).equals(kind.nameType))
                    .map(name -> String.valueOf(name.get(1)));
        } catch (CertificateParsingException e) {
            return Stream.empty(); // What cannot be read marks nobody.
        }
    }

    private static Stream<String> commonNames(X509Certificate certificate) {
        try {
            return new LdapName(certificate.getSubjectX500Principal().getName())
                    .getRdns().stream()
                            .filter(part -> part.getType().equalsIgnoreCase("CN"))
                            .map(part -> String.valueOf(part.getValue()));
        } catch (InvalidNameException e) {
            return Stream.empty();
        }
    }

    @Override
    public String toString() {
        return kind.name().toLowerCase(Locale.ROOT) + ":" + text;
    }
}
