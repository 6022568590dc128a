package io.weirlog.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What consumers were given, and what must always be true of that: a consumer gets records of its own partitions only,
/// each partition without a gap and in order, and no partition belongs to two members of a group.
final class Ledger {
    private static final String FENCED = "FENCED_MEMBER";

    /// Next offset by partition, empty before the first record; by consumer.
    private final Map<String, Map<Integer, Optional<Long>>> owned = new TreeMap<>();
    private final Map<String, String> groups = new HashMap<>();
    private final List<JsonElement> values = new ArrayList<>();

    void opened(String consumer, String group) {
        owned.put(consumer, new TreeMap<>());
        groups.put(consumer, group);
    }

    void closed(String consumer) {
        owned.remove(consumer);
    }

    /// After a seek the next offset is another one.
    void moved(String consumer) {
        partitionsOf(consumer).replaceAll((partition, next) -> Optional.empty());
    }

    int ownedBy(String consumer) {
        return partitionsOf(consumer).size();
    }

    /// All values that came, in this order.
    List<JsonElement> values() {
        return values;
    }

    /// Takes in an answer of consume_next: `assigned`, then `records`, then `revoked`. Who is fenced has nothing
    /// any more.
    ///
    /// @return how many records there were
    int took(String consumer, JsonObject answer) throws StepFailed {
        for (var partition : array(answer, "assigned")) {
            assigned(consumer, partition.getAsInt());
        }
        var records = array(answer, "records");
        for (var record : records) {
            took(consumer, partitionsOf(consumer), record.getAsJsonObject());
        }
        for (var partition : array(answer, "revoked")) {
            if (partitionsOf(consumer).remove(partition.getAsInt()) == null) {
                throw new StepFailed(consumer + " gave back partition " + partition + ", which it did not have");
            }
        }
        if (isFenced(answer)) {
            partitionsOf(consumer).clear();
        }
        return records.size();
    }

    /// Whether somebody else has the consumer's partitions, who has not waited for it to give them back.
    private static boolean isFenced(JsonObject answer) {
        return answer.get("error") instanceof JsonObject error && new JsonPrimitive(FENCED).equals(error.get("reason"));
    }

    private void assigned(String consumer, int partition) throws StepFailed {
        for (var other : owned.entrySet()) {
            if (!other.getKey().equals(consumer)
                    && sameGroup(consumer, other.getKey())
                    && other.getValue().containsKey(partition)) {
                throw new StepFailed(consumer + " has partition " + partition + ", and " + other.getKey()
                        + " has not given it back");
            }
        }
        partitionsOf(consumer).put(partition, Optional.empty());
    }

    private boolean sameGroup(String one, String other) {
        var group = groups.getOrDefault(one, "");
        return !group.isEmpty() && group.equals(groups.get(other));
    }

    private void took(String consumer, Map<Integer, Optional<Long>> partitions, JsonObject record) throws StepFailed {
        if (!record.has("partition") || !record.has("offset")) {
            throw new StepFailed(consumer + " has a record without partition and offset: " + Expectation.brief(record));
        }
        int partition = record.get("partition").getAsInt();
        long offset = record.get("offset").getAsLong();
        var next = partitions.get(partition);
        if (next == null && groups.getOrDefault(consumer, "").isEmpty()) {
            next = Optional.empty(); // Without a group nobody assigns.
        }
        if (next == null) {
            throw new StepFailed(consumer + " has a record of partition " + partition + ", which is not its own");
        }
        if (next.isPresent() && next.get() != offset) {
            throw new StepFailed(consumer + " has offset " + offset + " of partition " + partition + " where "
                    + next.get() + " was next");
        }
        partitions.put(partition, Optional.of(offset + 1));
        values.add(Optional.ofNullable(record.get("value")).orElse(JsonNull.INSTANCE));
    }

    private Map<Integer, Optional<Long>> partitionsOf(String consumer) {
        return owned.computeIfAbsent(consumer, _ -> new TreeMap<>());
    }

    private static JsonArray array(JsonObject answer, String key) {
        return answer.get(key) instanceof JsonArray array ? array : new JsonArray();
    }
}
