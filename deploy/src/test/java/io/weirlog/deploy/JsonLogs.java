package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/// What a node says with `logging.format: json`.
public final class JsonLogs {
    private static final Set<String> LEVELS = Set.of("ERROR", "WARN", "INFO");

    private JsonLogs() {}

    /// Fails unless the line is an event with all that each has.
    public static JsonObject event(String line) {
        try {
            var event = JsonParser.parseString(line).getAsJsonObject();
            Instant.parse(event.get("time").getAsString());
            assertTrue(LEVELS.contains(event.get("level").getAsString()), line);
            assertTrue(event.get("node").getAsInt() >= 0, line);
            assertFalse(event.get("logger").getAsString().isEmpty(), line);
            assertFalse(event.get("message").getAsString().isEmpty(), line);
            return event;
        } catch (JsonParseException | IllegalStateException | NullPointerException e) {
            throw new AssertionError("no event: " + line, e);
        }
    }

    /// Fails unless each line is such an event.
    public static List<JsonObject> events(List<String> lines) {
        return lines.stream().map(JsonLogs::event).toList();
    }

    /// Whether it is the event that says that the node serves.
    public static Predicate<String> saysReady() {
        return line -> line.contains(" is ready at ");
    }
}
