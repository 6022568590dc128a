package io.weirlog.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.Optional;

/// Compares an answer with what a scenario expects of it. An object must have what is expected and may have more; an
/// array must have as many items. `null` stands for null and for absent. Besides:
///
/// ```
/// {"$any": true}           anything but null
/// {"$at_least": 5}         a number
/// {"$one_of": ["A", "B"]}  one of these
/// ```
final class Expectation {
    private static final int BRIEF_CHARACTERS = 120;

    private Expectation() {}

    /// What differs first; empty: nothing.
    static Optional<String> mismatch(JsonElement expected, JsonElement actual) {
        return mismatch(expected, actual, "");
    }

    private static Optional<String> mismatch(JsonElement expected, JsonElement actual, String path) {
        return switch (expected) {
            case JsonObject object
            when object.has("$any") -> actual.isJsonNull() ? differs(path, "anything", actual) : Optional.empty();
            case JsonObject object
            when object.has("$at_least") ->
                isNumber(actual)
                                && actual.getAsLong() >= object.get("$at_least").getAsLong()
                        ? Optional.empty()
                        : differs(path, "at least " + object.get("$at_least"), actual);
            case JsonObject object
            when object.has("$one_of") ->
                object.getAsJsonArray("$one_of").contains(actual)
                        ? Optional.empty()
                        : differs(path, "one of " + object.get("$one_of"), actual);
            case JsonObject object -> objects(object, actual, path);
            case JsonArray array -> arrays(array, actual, path);
            case JsonPrimitive number
            when number.isNumber() ->
                isNumber(actual) && actual.getAsLong() == number.getAsLong()
                        ? Optional.empty()
                        : differs(path, number.toString(), actual);
            default -> // Text, a truth value or null; the type is not ours to seal.
                expected.equals(actual) ? Optional.empty() : differs(path, brief(expected), actual);
        };
    }

    private static Optional<String> objects(JsonObject expected, JsonElement actual, String path) {
        if (!(actual instanceof JsonObject object)) {
            return differs(path, "an object", actual);
        }
        for (var entry : expected.entrySet()) {
            var found = Optional.ofNullable(object.get(entry.getKey())).orElse(JsonNull.INSTANCE);
            var mismatch =
                    mismatch(entry.getValue(), found, path.isEmpty() ? entry.getKey() : path + "." + entry.getKey());
            if (mismatch.isPresent()) {
                return mismatch;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> arrays(JsonArray expected, JsonElement actual, String path) {
        if (!(actual instanceof JsonArray array)) {
            return differs(path, "an array", actual);
        }
        for (int index = 0; index < Math.min(expected.size(), array.size()); index++) {
            var mismatch = mismatch(expected.get(index), array.get(index), path + "[" + index + "]");
            if (mismatch.isPresent()) {
                return mismatch;
            }
        }
        return expected.size() == array.size()
                ? Optional.empty()
                : Optional.of(
                        path + " has " + array.size() + " items and not " + expected.size() + ": " + brief(array));
    }

    private static boolean isNumber(JsonElement element) {
        return element instanceof JsonPrimitive primitive && primitive.isNumber();
    }

    private static Optional<String> differs(String path, String expected, JsonElement actual) {
        var found = actual.isJsonNull() ? "absent" : brief(actual);
        return Optional.of((path.isEmpty() ? "the answer" : path) + " is " + found + " and not " + expected);
    }

    static String brief(JsonElement element) {
        var text = element.toString();
        return text.length() <= BRIEF_CHARACTERS ? text : text.substring(0, BRIEF_CHARACTERS) + "...";
    }
}
