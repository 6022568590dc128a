package io.weirlog.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;

/// Compares values whose order does not matter.
final class Multisets {
    private Multisets() {}

    /// The first value that is there too often or not often enough; empty: none.
    static Optional<String> difference(JsonArray expected, JsonArray came) {
        Map<JsonElement, Integer> missing = new LinkedHashMap<>();
        expected.forEach(value -> missing.merge(value, 1, Integer::sum));
        came.forEach(value -> missing.merge(value, -1, Integer::sum));
        return missing.entrySet().stream()
                .filter(entry -> entry.getValue() != 0)
                .findFirst()
                .map(entry ->
                        Expectation.brief(entry.getKey()) + (entry.getValue() > 0 ? " is missing" : " came too often"));
    }

    /// Each value once.
    static JsonArray once(JsonArray values) {
        var once = new LinkedHashSet<JsonElement>();
        values.forEach(once::add);
        var array = new JsonArray();
        once.forEach(array::add);
        return array;
    }
}
