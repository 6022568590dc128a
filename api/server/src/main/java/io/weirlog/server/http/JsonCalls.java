package io.weirlog.server.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.grpc.Channel;
import io.grpc.stub.AbstractBlockingStub;
import io.weirlog.v1.AdminServiceGrpc;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.DescribeTopicRequest;
import io.weirlog.v1.FetchPartition;
import io.weirlog.v1.FetchRequest;
import io.weirlog.v1.ListOffsetsPartition;
import io.weirlog.v1.ListOffsetsRequest;
import io.weirlog.v1.ListTopicsRequest;
import io.weirlog.v1.Partition;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.v1.StartPosition;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// The calls of this node's services that answer requests over HTTP. Each has a deadline.
final class JsonCalls {
    static final Duration WAIT_MAX = Duration.ofSeconds(30);
    static final Set<String> READ_PARAMETERS =
            new LinkedHashSet<>(List.of("partition", "offset", "max_records", "max_bytes", "wait", "encoding"));
    static final Set<String> LIST_PARAMETERS = new LinkedHashSet<>(List.of("page_size", "page_token"));

    /// What a call may take beyond the time that it was told to wait.
    private static final long CALL_SECONDS_MAX = 10;

    private static final int RECORDS_DEFAULT = 100;
    private static final int RECORDS_MAX = 10_000;
    private static final int FETCH_BYTES_MAX = 1 << 20;

    private final Channel channel;

    JsonCalls(Channel channel) {
        this.channel = channel;
    }

    private static <S extends AbstractBlockingStub<S>> S within(S stub, Duration wait) {
        return stub.withDeadlineAfter(wait.plusSeconds(CALL_SECONDS_MAX).toMillis(), TimeUnit.MILLISECONDS);
    }

    private ConsumerServiceGrpc.ConsumerServiceBlockingStub consumer(Duration wait) {
        return within(ConsumerServiceGrpc.newBlockingStub(channel), wait);
    }

    private AdminServiceGrpc.AdminServiceBlockingStub admin() {
        return within(AdminServiceGrpc.newBlockingStub(channel), Duration.ZERO);
    }

    HttpAnswer append(String topic, JsonElement body) throws HttpRefusal {
        var request = RecordsJson.request(topic, body);
        var timeout = Duration.ofSeconds(
                request.getTimeout().getSeconds(), request.getTimeout().getNanos());
        var results = within(ProducerServiceGrpc.newBlockingStub(channel), timeout)
                .append(request)
                .getResultsList();
        var answer = new JsonObject();
        var failed = results.stream()
                .filter(AppendResult::hasFailure)
                .map(AppendResult::getFailure)
                .findFirst();
        failed.ifPresent(failure -> answer.add("error", HttpErrors.error(failure)));
        var list = new JsonArray();
        results.forEach(result -> list.add(RecordsJson.result(result)));
        answer.add("results", list);
        return new HttpAnswer(
                failed.map(failure -> HttpErrors.status(failure.getProblem())).orElse(200), answer);
    }

    HttpAnswer read(String topic, Query query) throws HttpRefusal {
        var partition = (int) query.integer("partition", 0, Integer.MAX_VALUE)
                .orElseThrow(() ->
                        HttpRefusal.of("say which 'partition' to read: /v1/topics/{topic} tells which there are"));
        var recordsMax = (int) query.integer("max_records", 1, RECORDS_MAX).orElse(RECORDS_DEFAULT);
        var bytesMax = (int) query.integer("max_bytes", 1, FETCH_BYTES_MAX).orElse(FETCH_BYTES_MAX);
        var wait = query.text("wait");
        var waitMax = wait.isPresent() ? JsonFields.duration("wait", wait.get(), WAIT_MAX) : Duration.ZERO;
        var base64 = isBase64(query.text("encoding"));
        var request = FetchRequest.newBuilder()
                .setMinBytes(waitMax.isZero() ? 0 : 1)
                .setMaxBytes(bytesMax)
                .setMaxWait(RecordsJson.proto(waitMax))
                .addPartitions(FetchPartition.newBuilder()
                        .setTopic(topic)
                        .setPartition(partition)
                        .setOffset(offset(topic, partition, query.text("offset"))));
        var fetched = consumer(waitMax).fetch(request.build()).getPartitions(0);
        if (fetched.hasProblem()) {
            throw new HttpRefusal(fetched.getProblem());
        }
        return new HttpAnswer(200, RecordsJson.fetched(fetched, recordsMax, base64));
    }

    private static boolean isBase64(Optional<String> encoding) throws HttpRefusal {
        return switch (encoding.orElse("text")) {
            case "text" -> false;
            case "base64" -> true;
            default -> throw HttpRefusal.of("'encoding' must be text or base64");
        };
    }

    private long offset(String topic, int partition, Optional<String> wanted) throws HttpRefusal {
        var text = wanted.orElse("earliest");
        var position = StartPosition.newBuilder();
        switch (text) {
            case "earliest" -> position.setEarliest(StartPosition.Earliest.getDefaultInstance());
            case "latest" -> position.setLatest(StartPosition.Latest.getDefaultInstance());
            default -> {
                try {
                    return Long.parseLong(text);
                } catch (NumberFormatException e) {
                    throw HttpRefusal.of("'offset' must be a number, earliest or latest");
                }
            }
        }
        var listed = consumer(Duration.ZERO)
                .listOffsets(ListOffsetsRequest.newBuilder()
                        .addPartitions(ListOffsetsPartition.newBuilder()
                                .setTopic(topic)
                                .setPartition(partition)
                                .setPosition(position))
                        .build())
                .getOffsets(0);
        if (listed.hasProblem()) {
            throw new HttpRefusal(listed.getProblem());
        }
        return listed.getOffset();
    }

    HttpAnswer topics(Query query) throws HttpRefusal {
        var listed = admin().listTopics(ListTopicsRequest.newBuilder()
                .setPageSize(
                        (int) query.integer("page_size", 0, Integer.MAX_VALUE).orElse(0))
                .setPageToken(query.text("page_token").orElse(""))
                .build());
        var topics = new JsonArray();
        for (var topic : listed.getTopicsList()) {
            var json = new JsonObject();
            json.addProperty("name", topic.getName());
            json.addProperty("partitions", topic.getPartitions());
            json.addProperty("replication_factor", topic.getReplicationFactor());
            topics.add(json);
        }
        var answer = new JsonObject();
        answer.add("topics", topics);
        if (!listed.getNextPageToken().isEmpty()) {
            answer.addProperty("next_page_token", listed.getNextPageToken());
        }
        return new HttpAnswer(200, answer);
    }

    HttpAnswer topic(String name) {
        var topic = admin().describeTopic(
                        DescribeTopicRequest.newBuilder().setName(name).build())
                .getTopic();
        var answer = new JsonObject();
        answer.addProperty("name", topic.getName());
        var partitions = new JsonArray();
        topic.getPartitionsList().forEach(partition -> partitions.add(json(partition)));
        answer.add("partitions", partitions);
        var configs = new JsonObject();
        topic.getConfigsList().forEach(config -> configs.addProperty(config.getKey(), config.getValue()));
        answer.add("configs", configs);
        return new HttpAnswer(200, answer);
    }

    private static JsonObject json(Partition partition) {
        var json = new JsonObject();
        json.addProperty("partition", partition.getPartition());
        if (partition.hasLeader()) {
            json.addProperty("leader", partition.getLeader().getBrokerId());
            json.addProperty("leader_address", partition.getLeader().getAddress());
        }
        json.add("replicas", numbers(partition.getReplicasList()));
        json.add("in_sync_replicas", numbers(partition.getInSyncReplicasList()));
        return json;
    }

    private static JsonArray numbers(List<Integer> numbers) {
        var array = new JsonArray();
        numbers.forEach(array::add);
        return array;
    }
}
