package io.weirlog.cli.conformance;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the kit holds against answers, without a driver and without a cluster.
class ScenarioTest {
    private static final Path FILES = Path.of("../conformance/scenarios");

    @Test
    void everyScenarioIsReadAndListed() throws Exception {
        var inFolder = new TreeSet<String>();
        Scenarios.in(FILES).forEach(scenario -> inFolder.add(scenario.name()));
        assertEquals(inFolder, new TreeSet<>(Files.readAllLines(FILES.resolve("index"))));
        assertTrue(inFolder.size() >= 15, inFolder.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{\"about\": \"x\"}",
                "{\"about\": \"x\", \"steps\": [], \"more\": 1}",
                "{\"about\": \"x\", \"steps\": [{\"dance\": 1}]}",
                "{\"about\": \"x\", \"steps\": [{\"log\": [], \"expect\": []}]}",
                "{\"about\": \"x\", \"steps\": [{\"do\": \"fetch\", \"expect\": {}, \"fails\": {}}]}",
            })
    void whatIsMisspeltIsRefused(String text) {
        var refused = assertThrows(IllegalArgumentException.class, () -> ScenarioFile.parse("wrong", text));
        assertTrue(String.valueOf(refused.getMessage()).startsWith("scenario wrong"), refused.toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"a": 1}                  | {"a": 1, "b": 2}        |
            {"a": 1}                  | {"a": "1"}              | a is "1" and not 1
            {"a": null}               | {}                      |
            {"a": {"$any": true}}     | {}                      | a is absent and not anything
            {"a": {"$at_least": 3}}   | {"a": 3}                |
            {"a": {"$at_least": 3}}   | {"a": 2}                | a is 2 and not at least 3
            {"a": {"$one_of": [1, 2]}} | {"a": 3}               | a is 3 and not one of [1,2]
            {"a": [{"b": 1}]}         | {"a": [{"b": 1, "c": 2}]} |
            {"a": [{"b": 1}]}         | {"a": [{"b": 2}]}       | a[0].b is 2 and not 1
            {"a": [1, 2]}             | {"a": [1]}              | a has 1 items and not 2: [1]
            {"a": []}                 | {"a": 1}                | a is 1 and not an array
            """)
    void answersAreCompared(String expected, String actual, String difference) {
        assertEquals(Optional.ofNullable(difference), Expectation.mismatch(json(expected), json(actual)));
    }

    @Test
    void templatesAreExpanded() {
        var template = new Template(name -> new JsonPrimitive("the " + name));
        assertEquals(json("{\"t\": \"the topic\"}"), template.expand(json("{\"t\": \"$topic\"}")));
        assertEquals(json("\"xxx\""), template.expand(json("{\"$times\": 3, \"of\": \"x\"}")));
        assertEquals(
                json("[\"n-4\", \"n-5\"]"), template.expand(json("{\"$count\": 2, \"from\": 4, \"of\": \"n-%\"}")));
        var next = json("{\"$next\": 2, \"of\": {\"value\": \"n-%\"}}");
        assertEquals(json("[{\"value\": \"n-0\"}, {\"value\": \"n-1\"}]"), template.expand(next));
        assertEquals(json("[{\"value\": \"n-2\"}, {\"value\": \"n-3\"}]"), template.expand(next));
        assertEquals(json("[\"n-1\", \"n-2\", \"n-3\"]"), template.expand(json("{\"$all_of\": \"n-%\", \"from\": 1}")));
    }

    @Test
    void aConsumerGetsItsOwnPartitionsInOrder() {
        var ledger = new Ledger();
        ledger.opened("a", "readers");
        assertDoesNotThrow(() -> ledger.took("a", answer("[0]", "[[0, 5], [0, 6]]", "[]")));
        assertFails("a has offset 8 of partition 0 where 7 was next", ledger, "a", answer("[]", "[[0, 8]]", "[]"));
        assertFails("a has a record of partition 1, which is not its own", ledger, "a", answer("[]", "[[1, 0]]", "[]"));
        assertEquals(List.of(new JsonPrimitive("v5"), new JsonPrimitive("v6")), ledger.values());
    }

    @Test
    void aPartitionHasOneMember() {
        var ledger = new Ledger();
        ledger.opened("a", "readers");
        ledger.opened("b", "readers");
        ledger.opened("c", "others");
        assertDoesNotThrow(() -> ledger.took("a", answer("[0, 1]", "[]", "[]")));
        assertDoesNotThrow(() -> ledger.took("c", answer("[0, 1]", "[]", "[]")));
        assertFails("b has partition 1, and a has not given it back", ledger, "b", answer("[1]", "[]", "[]"));
        assertDoesNotThrow(() -> ledger.took("a", answer("[]", "[[1, 0]]", "[1]")));
        assertDoesNotThrow(() -> ledger.took("b", answer("[1]", "[[1, 0]]", "[]")));
        assertEquals(1, ledger.ownedBy("a"));
    }

    @Test
    void whoIsFencedHasNothingAnyMore() {
        var ledger = new Ledger();
        ledger.opened("a", "readers");
        ledger.opened("b", "readers");
        assertDoesNotThrow(() -> ledger.took("a", answer("[0]", "[[0, 5]]", "[]")));
        var failed = json("{\"error\": {\"reason\": \"TIMED_OUT\"}}").getAsJsonObject();
        assertDoesNotThrow(() -> ledger.took("a", failed));
        assertEquals(1, ledger.ownedBy("a"));
        var fenced = json("{\"error\": {\"reason\": \"FENCED_MEMBER\"}}").getAsJsonObject();
        assertDoesNotThrow(() -> ledger.took("a", fenced));
        assertEquals(0, ledger.ownedBy("a"));
        assertDoesNotThrow(() -> ledger.took("b", answer("[0]", "[[0, 5]]", "[]")));
    }

    private static void assertFails(String why, Ledger ledger, String consumer, JsonObject answer) {
        assertEquals(
                why,
                assertThrows(StepFailed.class, () -> ledger.took(consumer, answer))
                        .getMessage());
    }

    /// @param records pairs of partition and offset
    private static JsonObject answer(String assigned, String records, String revoked) {
        var answer = json("{\"assigned\": %s, \"records\": [], \"revoked\": %s}".formatted(assigned, revoked))
                .getAsJsonObject();
        for (var pair : json(records).getAsJsonArray()) {
            var record = new JsonObject();
            record.add("partition", pair.getAsJsonArray().get(0));
            record.add("offset", pair.getAsJsonArray().get(1));
            record.addProperty("value", "v" + pair.getAsJsonArray().get(1));
            answer.getAsJsonArray("records").add(record);
        }
        return answer;
    }

    private static JsonElement json(String text) {
        return JsonParser.parseString(text);
    }
}
