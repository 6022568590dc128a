package io.weirlog.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.client.Consumer;
import io.weirlog.client.ConsumerOptions;
import io.weirlog.client.ConsumerRecord;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.StartAt;
import io.weirlog.client.WeirlogClient;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// A consumer of the Java driver.
class JavaDriverConsumer {
    private static final Duration OPENING_POLL = Duration.ofMillis(50);
    private static final long OPENING_SECONDS = 10;

    private final Consumer consumer;
    /// What polls have returned and no answer has had room for.
    private final Deque<ConsumerRecord> buffered = new ArrayDeque<>();

    JavaDriverConsumer(Consumer consumer) {
        this.consumer = consumer;
    }

    /// Returns when the consumer knows where it begins, or belongs to its group, if that can be.
    static JavaDriverConsumer open(WeirlogClient client, JsonObject command) throws UnsupportedByDriver {
        if (command.has("group")) {
            return JavaDriverMember.join(client, command);
        }
        var topic = command.get("topic").getAsString();
        var options = ConsumerOptions.builder().start(JavaDriver.startAt(command.get("from")));
        if (command.has("partition")) {
            options.partition(topic, command.get("partition").getAsInt());
        } else {
            options.topic(topic);
        }
        var consumer = client.consumer(options.build());
        var opened = new JavaDriverConsumer(consumer);
        if (command.get("from").isJsonPrimitive()) {
            opened.pollUntil(() -> !consumer.assignment().isEmpty());
        }
        return opened;
    }

    final void pollUntil(BooleanSupplier opened) {
        var until = System.nanoTime() + TimeUnit.SECONDS.toNanos(OPENING_SECONDS);
        while (buffered.isEmpty() && !opened.getAsBoolean() && System.nanoTime() - until < 0) {
            poll(OPENING_POLL);
        }
    }

    final void poll(Duration wait) {
        buffered.addAll(consumer.poll(wait));
    }

    final boolean hasBuffered() {
        return !buffered.isEmpty();
    }

    void next(JsonObject command, JsonObject answer) {
        if (!hasBuffered()) {
            poll(wait(command));
        }
        give(max(command), answer);
    }

    static Duration wait(JsonObject command) {
        return Duration.ofMillis(command.get("wait_ms").getAsLong());
    }

    static int max(JsonObject command) {
        return command.get("max_records").getAsInt();
    }

    final void give(int max, JsonObject answer) {
        var records = new JsonArray();
        while (records.size() < max && !buffered.isEmpty()) {
            var record = buffered.remove();
            records.add(Records.json(record));
            given(record);
            answer.addProperty("next_offset", record.offset() + 1);
        }
        answer.add("records", records);
    }

    /// An answer has this record.
    void given(ConsumerRecord record) {}

    void commit() throws UnsupportedByDriver {
        throw new UnsupportedByDriver("the client commits in groups only");
    }

    void seek(PartitionRef partition, StartAt position) {
        buffered.removeIf(record -> record.partitionRef().equals(partition));
        consumer.seek(partition, position);
    }

    final void close() {
        consumer.close();
    }
}
