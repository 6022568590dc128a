package io.weirlog.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Reads a scenario: an object with `about`, perhaps `topic` and `disturbs`, and `steps`. A step is known by its first
/// key. What is not known is refused: a scenario whose check is misspelt would pass everybody.
final class ScenarioFile {
    private static final Duration POLL_WITHIN = Duration.ofSeconds(15);

    private ScenarioFile() {}

    /// @throws IllegalArgumentException if it is none
    static Scenario parse(String name, String text) {
        try {
            var root = JsonParser.parseString(text).getAsJsonObject();
            onlyKeys(root, Set.of("about", "topic", "disturbs", "steps"));
            var steps = new ArrayList<Step>();
            for (var step : root.getAsJsonArray("steps")) {
                steps.add(step(step.getAsJsonObject()));
            }
            return new Scenario(
                    name,
                    root.get("about").getAsString(),
                    optional(root, "topic").map(topic -> topic(topic.getAsJsonObject())),
                    optional(root, "disturbs").map(JsonElement::getAsBoolean).orElse(false),
                    steps);
        } catch (JsonParseException | IllegalStateException | NullPointerException | ClassCastException e) {
            throw new IllegalArgumentException("scenario " + name + " cannot be read: " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("scenario " + name + ": " + e.getMessage(), e);
        }
    }

    private static Scenario.TopicPlan topic(JsonObject topic) {
        onlyKeys(topic, Set.of("partitions", "leader", "configs"));
        var configs = new LinkedHashMap<String, String>();
        // Scenarios have times of long ago.
        configs.put("retention.ms", "-1");
        optional(topic, "configs")
                .ifPresent(given -> given.getAsJsonObject()
                        .entrySet()
                        .forEach(entry ->
                                configs.put(entry.getKey(), entry.getValue().getAsString())));
        return new Scenario.TopicPlan(
                optional(topic, "partitions").map(JsonElement::getAsInt).orElse(1),
                optional(topic, "leader").map(JsonElement::getAsInt),
                configs);
    }

    private static Step step(JsonObject step) {
        var kind = step.keySet().iterator().next();
        return switch (kind) {
            case "do" -> ask(step);
            case "poll" -> poll(step);
            case "kill", "stop", "start" -> {
                onlyKeys(step, Set.of(kind));
                yield disturb(step);
            }
            case "repeat" -> {
                onlyKeys(step, Set.of("repeat", "while"));
                yield new Step.Meanwhile(ask(step.getAsJsonObject("repeat")), disturb(step.getAsJsonObject("while")));
            }
            case "fault" -> {
                onlyKeys(step, Set.of("fault"));
                yield new Step.SetFault(FaultyBroker.Fault.valueOf(
                        step.get("fault").getAsString().toUpperCase(Locale.ROOT)));
            }
            case "write" -> {
                onlyKeys(step, Set.of("write", "partition"));
                yield new Step.Write(
                        optional(step, "partition").map(JsonElement::getAsInt).orElse(0), step.get("write"));
            }
            case "delete_before" ->
                new Step.DeleteBefore(step.get("delete_before").getAsLong());
            case "log" -> {
                onlyKeys(step, Set.of("log"));
                yield new Step.Log(step.get("log"));
            }
            default -> throw new IllegalArgumentException("there is no step " + kind);
        };
    }

    private static Step.Ask ask(JsonObject step) {
        var arguments = step.deepCopy();
        arguments.remove("do");
        var expect = Optional.ofNullable(arguments.remove("expect"));
        var fails = Optional.ofNullable(arguments.remove("fails"));
        if (expect.isPresent() && fails.isPresent()) {
            throw new IllegalArgumentException("a command cannot both answer and fail");
        }
        var within = Optional.ofNullable(arguments.remove("within_ms"));
        return new Step.Ask(
                step.get("do").getAsString(),
                arguments,
                expect,
                fails,
                within.map(millis -> Duration.ofMillis(millis.getAsLong())).orElse(Duration.ZERO));
    }

    private static Step poll(JsonObject step) {
        onlyKeys(step, Set.of("poll", "records", "owned", "commit", "within_ms", "values", "order"));
        List<String> consumers = new ArrayList<>();
        for (var consumer : step.getAsJsonArray("poll")) {
            consumers.add(consumer.getAsString());
        }
        Map<String, Integer> owned = new LinkedHashMap<>();
        optional(step, "owned")
                .ifPresent(given -> given.getAsJsonObject()
                        .entrySet()
                        .forEach(entry ->
                                owned.put(entry.getKey(), entry.getValue().getAsInt())));
        var order = optional(step, "order")
                .map(text -> Step.Order.valueOf(text.getAsString().toUpperCase(Locale.ROOT)))
                .orElse(Step.Order.EXACT);
        return new Step.Poll(
                List.copyOf(consumers),
                optional(step, "records").map(JsonElement::getAsInt),
                Map.copyOf(owned),
                optional(step, "commit").map(JsonElement::getAsBoolean).orElse(false),
                optional(step, "within_ms")
                        .map(millis -> Duration.ofMillis(millis.getAsLong()))
                        .orElse(POLL_WITHIN),
                optional(step, "values").map(values -> new Step.Values(values, order)));
    }

    private static Step.Disturb disturb(JsonObject step) {
        var kind = step.keySet().iterator().next();
        return new Step.Disturb(
                Step.Disturbance.valueOf(kind.toUpperCase(Locale.ROOT)),
                step.get(kind).getAsInt());
    }

    private static Optional<JsonElement> optional(JsonObject object, String key) {
        return Optional.ofNullable(object.get(key));
    }

    private static void onlyKeys(JsonObject object, Set<String> known) {
        for (var key : object.keySet()) {
            if (!known.contains(key)) {
                throw new IllegalArgumentException("there is no key " + key + " in " + Expectation.brief(object));
            }
        }
    }

    static JsonArray array(List<String> texts) {
        var array = new JsonArray();
        texts.forEach(array::add);
        return array;
    }
}
