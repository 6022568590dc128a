package io.weirlog.cli.conformance;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.weirlog.client.Acknowledgement;
import io.weirlog.client.NewTopic;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.Producer;
import io.weirlog.client.ProducerOptions;
import io.weirlog.client.StartAt;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.v1.ErrorReason;
import io.weirlog.wire.Problems;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// The driver of the Java client. Its client numbers records by itself, in batches that it makes of what its users send
/// one by one: so none of them has a sequence, or an offset that it is meant for, that its user could name.
public final class JavaDriver {
    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().serializeNulls().create();
    private static final long PRODUCE_MILLIS = 30_000;
    private static final String OUTCOME_PREFIX = "APPEND_OUTCOME_";

    private final List<WeirlogClient> clients = new ArrayList<>();
    private final Map<Long, Producer> producers = new HashMap<>();
    private final Map<String, JavaDriverConsumer> consumers = new HashMap<>();

    /// Answers commands until there are no more.
    public void run(Reader commands, PrintStream answers) throws IOException {
        var lines = new BufferedReader(commands);
        for (var line = lines.readLine(); line != null; line = lines.readLine()) {
            var command = JsonParser.parseString(line).getAsJsonObject();
            var answer = answer(command);
            answer.add("id", command.get("id"));
            answers.println(GSON.toJson(answer));
            answers.flush();
        }
        reset();
    }

    private JsonObject answer(JsonObject command) {
        var answer = new JsonObject();
        try {
            carryOut(command, answer);
        } catch (UnsupportedByDriver e) {
            answer.addProperty("unsupported", e.getMessage());
        } catch (WeirlogException e) {
            answer.add("error", error(e));
        } catch (CompletionException e) {
            if (!(e.getCause() instanceof WeirlogException refused)) {
                throw e;
            }
            answer.add("error", error(refused));
        }
        return answer;
    }

    private static JsonObject error(WeirlogException refused) {
        var error = new JsonObject();
        error.addProperty(
                "reason",
                refused.reason() == ErrorReason.ERROR_REASON_UNSPECIFIED
                        ? refused.code().name()
                        : Problems.name(refused.reason()));
        error.addProperty("message", refused.getMessage());
        refused.outcome()
                .ifPresent(
                        outcome -> error.addProperty("outcome", outcome.name().substring(OUTCOME_PREFIX.length())));
        return error;
    }

    private void carryOut(JsonObject command, JsonObject answer) throws UnsupportedByDriver {
        switch (command.get("do").getAsString()) {
            case "reset" -> reset();
            case "connect" -> connect(command.getAsJsonArray("addresses"));
            case "create_topic" -> {
                var topic = NewTopic.named(topic(command))
                        .withPartitions(command.get("partitions").getAsInt());
                var _ = client().admin().createTopic(topic);
            }
            case "produce" -> answer.add("records", produce(command));
            case "fetch" -> fetch(command, answer);
            case "list_offset" ->
                client().admin()
                        .listOffsets(List.of(partition(command)), startAt(command.get("at")))
                        .getFirst()
                        .offset()
                        .ifPresent(offset -> answer.addProperty("offset", offset));
            case "consume_open" -> consumers.put(name(command), JavaDriverConsumer.open(client(), command));
            case "consume_next" -> consumer(command).next(command, answer);
            case "commit" -> consumer(command).commit();
            case "seek" -> consumer(command).seek(partition(command), startAt(command.get("to")));
            case "close" -> {
                consumer(command).close();
                consumers.remove(name(command));
            }
            default -> throw new UnsupportedByDriver("there is no such command");
        }
    }

    private void reset() {
        consumers.values().forEach(JavaDriverConsumer::close);
        consumers.clear();
        producers.clear();
        clients.forEach(WeirlogClient::close);
        clients.clear();
    }

    private void connect(JsonArray addresses) {
        List<String> bootstrap = new ArrayList<>();
        addresses.forEach(address -> bootstrap.add(address.getAsString()));
        clients.add(WeirlogClient.builder().bootstrap(bootstrap).build());
        producers.clear();
    }

    private WeirlogClient client() {
        return clients.getLast();
    }

    private JsonArray produce(JsonObject command) throws UnsupportedByDriver {
        if (command.has("sequence") || command.has("expected_offset")) {
            throw new UnsupportedByDriver("the client makes batches by itself, and numbers what is in them");
        }
        long millis = command.has("timeout_ms") ? command.get("timeout_ms").getAsLong() : PRODUCE_MILLIS;
        var producer = producers.computeIfAbsent(millis, this::producer);
        List<CompletableFuture<Acknowledgement>> sent = new ArrayList<>();
        for (var record : command.getAsJsonArray("records")) {
            var plain = Records.toWrite(topic(command), record.getAsJsonObject());
            sent.add(producer.send(
                    command.has("partition")
                            ? plain.toPartition(command.get("partition").getAsInt())
                            : plain));
        }
        var places = new JsonArray();
        for (var one : sent) {
            var acknowledgement = one.join();
            var place = new JsonObject();
            place.addProperty("partition", acknowledgement.partition());
            acknowledgement.offset().ifPresent(offset -> place.addProperty("offset", offset));
            places.add(place);
        }
        return places;
    }

    private Producer producer(long millis) {
        var timeout = Duration.ofMillis(millis);
        return client().producer(ProducerOptions.builder()
                .linger(Duration.ZERO)
                .deliveryTimeout(timeout)
                .build());
    }

    private void fetch(JsonObject command, JsonObject answer) throws UnsupportedByDriver {
        var open = new JsonObject();
        open.add("topic", command.get("topic"));
        open.add("partition", command.get("partition"));
        var from = new JsonObject();
        from.add("offset", command.get("offset"));
        open.add("from", from);
        var consumer = JavaDriverConsumer.open(client(), open);
        try {
            consumer.next(command, answer);
        } finally {
            consumer.close();
        }
    }

    static StartAt startAt(JsonElement position) {
        if (position instanceof JsonObject object) {
            return object.has("offset")
                    ? StartAt.offset(object.get("offset").getAsLong())
                    : StartAt.timestamp(
                            Instant.ofEpochMilli(object.get("timestamp_ms").getAsLong()));
        }
        return position.getAsString().equals("earliest") ? StartAt.earliest() : StartAt.latest();
    }

    private JavaDriverConsumer consumer(JsonObject command) {
        var consumer = consumers.get(name(command));
        if (consumer == null) {
            throw new IllegalArgumentException("there is no consumer " + name(command));
        }
        return consumer;
    }

    private static String name(JsonObject command) {
        return command.get("consumer").getAsString();
    }

    private static String topic(JsonObject command) {
        return command.get("topic").getAsString();
    }

    private static PartitionRef partition(JsonObject command) {
        return new PartitionRef(topic(command), command.get("partition").getAsInt());
    }
}
