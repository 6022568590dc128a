package io.weirlog.server.http;

import io.weirlog.server.ServerProblems;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The parameters of a request's address.
record Query(Map<String, String> parameters) {
    private static final int CHARS_MAX = 8 * 1024;

    /// @param raw what stands behind the `?`, not decoded
    /// @param known the parameters that may be there
    static Query of(@Nullable String raw, Set<String> known) throws HttpRefusal {
        Map<String, String> parameters = new HashMap<>();
        if (raw == null || raw.isEmpty()) {
            return new Query(parameters);
        }
        if (raw.length() > CHARS_MAX) {
            throw HttpRefusal.of("the parameters have more than " + CHARS_MAX + " characters");
        }
        for (var part : raw.split("&", -1)) {
            var equals = part.indexOf('=');
            var name = decoded(equals < 0 ? part : part.substring(0, equals));
            if (!known.contains(name)) {
                throw HttpRefusal.of("there is no parameter '" + ServerProblems.shortened(name) + "': there are "
                        + String.join(", ", known));
            }
            if (parameters.put(name, equals < 0 ? "" : decoded(part.substring(equals + 1))) != null) {
                throw HttpRefusal.of("parameter '" + name + "' is there twice");
            }
        }
        return new Query(parameters);
    }

    static String decoded(String text) throws HttpRefusal {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw HttpRefusal.of(
                    "the address is not encoded as addresses are: '" + ServerProblems.shortened(text) + "'");
        }
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    OptionalLong integer(String name, long min, long max) throws HttpRefusal {
        var text = text(name);
        if (text.isEmpty()) {
            return OptionalLong.empty();
        }
        try {
            var value = Long.parseLong(text.get());
            if (value >= min && value <= max) {
                return OptionalLong.of(value);
            }
        } catch (NumberFormatException e) {
            // Told below, as the others are.
        }
        throw HttpRefusal.of("parameter '" + name + "' must be a whole number between " + min + " and " + max);
    }
}
