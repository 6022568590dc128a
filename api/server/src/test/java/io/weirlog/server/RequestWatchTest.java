package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.google.protobuf.ByteString;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.Header;
import io.weirlog.v1.ProduceAppend;
import io.weirlog.v1.ProduceInitial;
import io.weirlog.v1.ProduceRequest;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.v1.Record;
import io.weirlog.v1.RecordList;
import io.weirlog.v1.Replicas;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/// What is told of requests, where a broker passes them on to the leader.
@Timeout(120)
class RequestWatchTest {
    private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private static final Header HEADER = Header.newBuilder()
            .setKey("traceparent")
            .setValue(ByteString.copyFromUtf8("the producer's own"))
            .build();

    private final Queue<ILoggingEvent> logged = new ConcurrentLinkedQueue<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            logged.add(event);
        }
    };

    @BeforeEach
    void listen() {
        appender.start();
        logger().addAppender(appender);
    }

    @AfterEach
    void stopListening() {
        logger().detachAppender(appender);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger("io.weirlog.server.request.SlowRequests");
    }

    @Test
    void aSlowAppendIsToldOfByItsLeaderWithTheTraceOfItsProducer(@TempDir Path folder) throws Exception {
        try (var cluster =
                new TestCluster(folder, 2, 1).with(ConfigKeys.HTTP_PORT, "0").with(ConfigKeys.SLOW_REQUEST_MS, "1")) {
            cluster.start(1, 2);
            cluster.node(1)
                    .admin()
                    .createTopic(CreateTopicRequest.newBuilder()
                            .setName("orders")
                            .addReplicas(Replicas.newBuilder().addBrokerIds(2))
                            .build());
            var sent = appendUntil(cluster.node(1), this::isTold);
            var told = logged.stream()
                    .filter(RequestWatchTest::isOfTheAppend)
                    .findFirst()
                    .orElseThrow();
            System.out.println(sent + " appends: " + told.getFormattedMessage() + " " + told.getKeyValuePairs());
            var facts = told.getKeyValuePairs().toString();
            assertTrue(
                    facts.contains("node=\"2\"")
                            && facts.contains("topic=\"orders\"")
                            && facts.contains("partition=\"0\""),
                    facts);
            for (var stage : new String[] {"queue ", "append ", "replicate ", "respond "}) {
                assertTrue(told.getFormattedMessage().contains(stage), told.getFormattedMessage());
            }
            await(sent, cluster, 1, "weirlog_request_seconds_count", "ProducerService/Produce");
            await(sent, cluster, 2, "weirlog_append_stage_seconds_count", "replicate");
            await(0, cluster, 1, "weirlog_streams_open", "ProducerService/Produce");
            assertTrue(value(cluster, 1, "weirlog_request_seconds_count", "AdminService/CreateTopic") > 0);
            // The broker has the records as they were sent, whatever their headers are called.
            var read = cluster.node(1).fetch("orders", 0, 0).getRecords().getRecords(0);
            assertEquals(List.of(HEADER), read.getHeadersList());
        }
    }

    private boolean isTold() {
        return logged.stream().anyMatch(RequestWatchTest::isOfTheAppend);
    }

    private static boolean isOfTheAppend(ILoggingEvent event) {
        var message = event.getFormattedMessage();
        return message.contains("append to partition 0 of topic 'orders'") && message.contains("trace " + TRACE);
    }

    /// A megabyte takes longer than a millisecond, sooner or later.
    private static int appendUntil(TestNode node, BooleanSupplier told) throws InterruptedException {
        var headers = new Metadata();
        headers.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), TRACE);
        var channel = ClientInterceptors.intercept(node.channel, MetadataUtils.newAttachHeadersInterceptor(headers));
        var responses = new StreamProbe<ProduceResponse>();
        var requests = ProducerServiceGrpc.newStub(channel).produce(responses);
        requests.onNext(ProduceRequest.newBuilder()
                .setInitial(ProduceInitial.getDefaultInstance())
                .build());
        var record = Record.newBuilder()
                .setValue(ByteString.copyFrom(new byte[900_000]))
                .addHeaders(HEADER);
        var sent = 0;
        var deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        do {
            assertTrue(System.nanoTime() - deadlineNanos < 0, "nothing is slow");
            requests.onNext(ProduceRequest.newBuilder()
                    .setAppend(ProduceAppend.newBuilder()
                            .setCorrelationId(++sent)
                            .setTopic("orders")
                            .setPartition(0)
                            .setRecords(RecordList.newBuilder().addRecords(record)))
                    .build());
            var result = responses.next(ProduceResponse::hasResult).getResult();
            assertTrue(result.hasAppended(), result::toString);
        } while (!told.getAsBoolean());
        requests.onCompleted();
        responses.completion();
        return sent;
    }

    /// It is counted a moment after it was answered.
    private static void await(double wanted, TestCluster cluster, int node, String name, String label)
            throws Exception {
        var deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (value(cluster, node, name, label) != wanted) {
            assertTrue(System.nanoTime() - deadlineNanos < 0, () -> name + " of " + label + " is not " + wanted);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private static double value(TestCluster cluster, int node, String name, String label) throws Exception {
        var uri = "http://127.0.0.1:" + cluster.node(node).node.httpPort().orElseThrow() + "/metrics";
        try (var http = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create(uri))
                    .timeout(Duration.ofSeconds(10))
                    .build();
            var body = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
            return body.lines()
                    .filter(line -> line.startsWith(name + "{") && line.contains("\"" + label + "\""))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                    .sum();
        }
    }
}
