package io.weirlog.server.http;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.config.Units;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// The fields of one JSON object, read with what can be wrong with them.
///
/// @param where what the object is, for errors
record JsonFields(JsonObject object, String where) {

    /// @param known the fields that may be there: a misspelt one must not be passed by
    static JsonFields of(JsonElement element, String where, Set<String> known) throws HttpRefusal {
        if (!element.isJsonObject()) {
            throw HttpRefusal.of(where + " must be a JSON object");
        }
        var object = element.getAsJsonObject();
        for (var name : object.keySet()) {
            if (!known.contains(name)) {
                throw HttpRefusal.of(where + " has no field '" + ServerProblems.shortened(name) + "': there are "
                        + String.join(", ", known));
            }
        }
        return new JsonFields(object, where);
    }

    /// Empty if it is absent or null.
    Optional<JsonElement> get(String name) {
        return Optional.ofNullable(object.get(name)).filter(element -> !element.isJsonNull());
    }

    Optional<String> text(String name) throws HttpRefusal {
        var element = get(name);
        if (element.isEmpty()) {
            return Optional.empty();
        }
        if (element.get() instanceof JsonPrimitive primitive && primitive.isString()) {
            return Optional.of(whole(primitive.getAsString(), "'" + name + "' of " + where));
        }
        throw HttpRefusal.of("'" + name + "' of " + where + " must be text");
    }

    /// JSON can carry half a character, which nobody could read again.
    static String whole(String text, String where) throws HttpRefusal {
        if (StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            return text;
        }
        throw HttpRefusal.of(where + " holds half of a surrogate pair: give bytes as {\"base64\": \"…\"}");
    }

    OptionalLong integer(String name, long min, long max) throws HttpRefusal {
        var element = get(name);
        if (element.isEmpty()) {
            return OptionalLong.empty();
        }
        if (element.get() instanceof JsonPrimitive primitive && primitive.isNumber()) {
            try {
                var value = Long.parseLong(primitive.getAsString());
                if (value >= min && value <= max) {
                    return OptionalLong.of(value);
                }
            } catch (NumberFormatException e) {
                // Told below, as the others are.
            }
        }
        throw HttpRefusal.of("'" + name + "' of " + where + " must be a whole number between " + min + " and " + max);
    }

    Optional<Duration> duration(String name, Duration max) throws HttpRefusal {
        var text = text(name);
        return text.isEmpty() ? Optional.empty() : Optional.of(duration(name, text.get(), max));
    }

    static Duration duration(String name, String text, Duration max) throws HttpRefusal {
        try {
            var duration = Units.parseDuration(text);
            if (duration.compareTo(max) <= 0) {
                return duration;
            }
        } catch (IllegalArgumentException e) {
            // Told below, as the others are.
        }
        throw HttpRefusal.of("'" + name + "' must be a duration with its unit, such as 500ms or 5s, of "
                + Units.showDuration(max) + " at most");
    }
}
