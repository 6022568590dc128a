package io.weirlog.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.function.Function;

/// Makes plain JSON of a scenario's:
///
/// ```
/// "$topic"                                   what the variable stands for
/// {"$times": 1000, "of": "x"}                "xxx..."
/// {"$count": 3, "of": {"value": "n-%"}}      [{"value": "n-0"}, {"value": "n-1"}, {"value": "n-2"}]; "from" begins
/// later
/// {"$next": 2, "of": {"value": "n-%"}}       the same, counting on from the last such one of the scenario
/// {"$all_of": "n-%"}                         ["n-0", "n-1", ...]: one for each that was counted by $next; "from" too
/// ```
final class Template {
    private final Function<String, JsonElement> variables;
    private int counted;

    /// @param variables by name, without the `$`
    Template(Function<String, JsonElement> variables) {
        this.variables = variables;
    }

    JsonElement expand(JsonElement element) {
        return switch (element) {
            case JsonPrimitive primitive
            when primitive.isString() && primitive.getAsString().startsWith("$") ->
                variables.apply(primitive.getAsString().substring(1));
            case JsonArray array -> {
                var expanded = new JsonArray();
                array.forEach(item -> expanded.add(expand(item)));
                yield expanded;
            }
            case JsonObject object -> expandObject(object);
            default -> element; // A number, a truth value, null or plain text; the type is not ours to seal.
        };
    }

    private JsonElement expandObject(JsonObject object) {
        if (object.has("$times")) {
            return new JsonPrimitive(
                    object.get("of").getAsString().repeat(object.get("$times").getAsInt()));
        }
        if (object.has("$count")) {
            int from = object.has("from") ? object.get("from").getAsInt() : 0;
            return numbered(object.get("of"), from, from + object.get("$count").getAsInt());
        }
        if (object.has("$next")) {
            int from = counted;
            counted += object.get("$next").getAsInt();
            return numbered(object.get("of"), from, counted);
        }
        if (object.has("$all_of")) {
            return numbered(
                    object.get("$all_of"),
                    object.has("from") ? object.get("from").getAsInt() : 0,
                    counted);
        }
        var expanded = new JsonObject();
        object.entrySet().forEach(entry -> expanded.add(entry.getKey(), expand(entry.getValue())));
        return expanded;
    }

    private static JsonArray numbered(JsonElement pattern, int from, int to) {
        var array = new JsonArray();
        for (int number = from; number < to; number++) {
            array.add(number(pattern, number));
        }
        return array;
    }

    private static JsonElement number(JsonElement pattern, int number) {
        return switch (pattern) {
            case JsonPrimitive text
            when text.isString() -> new JsonPrimitive(text.getAsString().replace("%", Integer.toString(number)));
            case JsonObject object -> {
                var numbered = new JsonObject();
                object.entrySet().forEach(entry -> numbered.add(entry.getKey(), number(entry.getValue(), number)));
                yield numbered;
            }
            default -> pattern; // The type is not ours to seal.
        };
    }
}
