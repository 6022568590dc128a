package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Duration;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.stub.StreamObserver;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.Credit;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.ExplicitPartition;
import io.weirlog.v1.ExplicitPartitions;
import io.weirlog.v1.GroupSubscription;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Consumers that do not do their part, over real streams: they get an error or lose what they hold, and others do not
/// notice.
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileConsumersTest {
    private static final Credit PLENTY =
            Credit.newBuilder().setRecords(1_000_000).setBytes(1 << 30).build();
    private static final long CREDIT_MAX = 1L << 50;
    private static final String LARGE = "large";
    private static final int BATCHES = 16;
    private static final int BATCH_BYTES = 1 << 20;
    /// 5,000 by hand.
    private static final int IDLE_STREAMS = Integer.getInteger("weirlog.idle.streams", 400);

    private TestNode node;

    @BeforeAll
    void start(@TempDir Path dataDir) throws NodeStartException {
        node = TestNode.start(dataDir);
        node.createTopic(
                LARGE, 1, Map.of("durability", "page-cache", "max.message.bytes", Integer.toString(2 * BATCH_BYTES)));
        var value = "x".repeat(BATCH_BYTES - 200);
        for (int i = 0; i < BATCHES; i++) {
            node.append(LARGE, 0, value);
        }
    }

    @AfterAll
    void stop() {
        node.close();
    }

    private final class Stream {
        final StreamProbe<ConsumeResponse> responses = new StreamProbe<>();
        final StreamObserver<ConsumeRequest> requests =
                ConsumerServiceGrpc.newStub(node.channel).consume(responses);

        Stream(ConsumeInitial.Builder initial) {
            requests.onNext(ConsumeRequest.newBuilder().setInitial(initial).build());
        }

        void credit(long records, long bytes) {
            requests.onNext(ConsumeRequest.newBuilder()
                    .setCredit(Credit.newBuilder().setRecords(records).setBytes(bytes))
                    .build());
        }
    }

    private static ConsumeInitial.Builder of(String topic) {
        return ConsumeInitial.newBuilder()
                .setPartitions(ExplicitPartitions.newBuilder()
                        .addPartitions(ExplicitPartition.newBuilder().setTopic(topic)));
    }

    private static GroupSubscription.Builder member(String group, String topic) {
        return GroupSubscription.newBuilder().setGroupId(group).addTopics(topic);
    }

    private static Duration seconds(long seconds) {
        return Duration.newBuilder().setSeconds(seconds).build();
    }

    private void readEverything() throws InterruptedException {
        var good = new Stream(of(LARGE).setCredit(PLENTY));
        var bytes = 0L;
        while (bytes < (long) BATCHES * (BATCH_BYTES - 200)) {
            var batch = good.responses.next(ConsumeResponse::hasBatch).getBatch();
            for (var record : batch.getRecords().getRecordsList()) {
                bytes += record.getValue().size();
            }
        }
        good.requests.onCompleted();
    }

    private static long usedBytes() {
        System.gc();
        var heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        return heap
                + ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                        .mapToLong(BufferPoolMXBean::getMemoryUsed)
                        .sum();
    }

    /// Each has credit for everything and takes nothing from the network: the broker must not gather it for them.
    @Test
    void oneThatNeverReads() throws Exception {
        readEverything();
        var before = usedBytes();
        List<ClientCall<ConsumeRequest, ConsumeResponse>> calls = new ArrayList<>();
        int count = 10;
        for (int i = 0; i < count; i++) {
            var call = node.channel.newCall(ConsumerServiceGrpc.getConsumeMethod(), CallOptions.DEFAULT);
            call.start(new ClientCall.Listener<>() {}, new Metadata());
            call.sendMessage(ConsumeRequest.newBuilder()
                    .setInitial(of(LARGE).setCredit(PLENTY))
                    .build());
            calls.add(call);
        }
        try {
            readEverything();
            node.append(LARGE, 0, "others go on");
            var held = usedBytes() - before;
            // What is on its way to each is a window of the transport and a batch or two.
            assertTrue(
                    held < (long) count * BATCHES * BATCH_BYTES / 2, () -> held + " bytes for " + count + " streams");
        } finally {
            calls.forEach(call -> call.cancel("enough", null));
        }
    }

    @Test
    void oneThatNeverAcknowledgesARevocation() throws Exception {
        node.createTopic("held", 2, Map.of());
        var stubborn = new Stream(ConsumeInitial.newBuilder()
                .setGroup(member("keepers", "held").setRebalanceTimeout(seconds(1)))
                .setCredit(PLENTY));
        var all = stubborn.responses.next(ConsumeResponse::hasAssigned).getAssigned();
        assertEquals(2, all.getPartitionsCount());
        var patient = new Stream(ConsumeInitial.newBuilder()
                .setGroup(member("keepers", "held").setRebalanceTimeout(seconds(1)))
                .setCredit(PLENTY));
        assertEquals(
                1,
                stubborn.responses
                        .next(ConsumeResponse::hasRevoking)
                        .getRevoking()
                        .getAssignmentsCount());
        // The deadline takes it: what the stubborn one holds is another's, without a word of its own.
        assertTrue(patient.responses
                        .next(response ->
                                response.hasAssigned() && response.getAssigned().getPartitionsCount() > 0)
                        .getAssigned()
                        .getPartitionsCount()
                > 0);
        stubborn.requests.onCompleted();
        patient.requests.onCompleted();
    }

    @Test
    void creditsThatMakeNoSense() throws Exception {
        node.createTopic("credits", 1, Map.of());
        node.append("credits", 0, "one");
        var none = new Stream(of("credits"));
        none.responses.next(ConsumeResponse::hasAssigned);
        none.credit(0, 0);
        none.credit(1, 0);
        none.credit(0, 1);
        assertEquals(
                1, none.responses.next(ConsumeResponse::hasBatch).getBatch().getRecordCount());
        none.requests.onCompleted();
        for (var credit : List.of(
                Credit.newBuilder().setRecords(Long.MAX_VALUE).setBytes(Long.MAX_VALUE),
                Credit.newBuilder().setRecords(Long.MIN_VALUE),
                Credit.newBuilder().setRecords(CREDIT_MAX).setBytes(1))) {
            var greedy = new Stream(
                    of("credits").setCredit(Credit.newBuilder().setRecords(1).setBytes(1)));
            greedy.requests.onNext(ConsumeRequest.newBuilder().setCredit(credit).build());
            greedy.credit(CREDIT_MAX, 1);
            assertEquals(
                    ErrorReason.ERROR_REASON_CREDIT_EXCEEDED,
                    greedy.responses.failure().getReason());
        }
    }

    @Test
    void patternsThatWouldTakeForEver() throws Exception {
        node.createTopic("a".repeat(200) + "b", 1, Map.of());
        var evil = new Stream(ConsumeInitial.newBuilder()
                .setGroup(GroupSubscription.newBuilder().setGroupId("evil").setTopicPattern("(a+)+(a*)*(a|aa)+c"))
                .setCredit(PLENTY));
        // It matches nothing, and the broker has found that out.
        evil.responses.next(ConsumeResponse::hasInitial);
        evil.requests.onCompleted();
        for (var pattern : List.of("((a{100}){100}){100}", "a{1001}", "(?=a)a", "(", "x".repeat(257))) {
            var refused = new Stream(ConsumeInitial.newBuilder()
                    .setGroup(GroupSubscription.newBuilder().setGroupId("evil").setTopicPattern(pattern)));
            assertEquals(
                    ErrorReason.ERROR_REASON_INVALID_SUBSCRIPTION,
                    refused.responses.failure().getReason(),
                    pattern);
        }
    }

    @Test
    void groupsThatCannotBe() throws Exception {
        for (var name : List.of("", " ", "x ", "\u0000", "a\nb", "\u202e", "x".repeat(250))) {
            var refused = new Stream(ConsumeInitial.newBuilder().setGroup(member(name, LARGE)));
            assertEquals(
                    ErrorReason.ERROR_REASON_INVALID_GROUP,
                    refused.responses.failure().getReason(),
                    name);
        }
        for (var timeout :
                List.of(seconds(0), seconds(-1), seconds(Long.MAX_VALUE), seconds(Long.MIN_VALUE), seconds(1L << 54))) {
            for (var wrong : List.of(
                    member("late", LARGE).setSessionTimeout(timeout),
                    member("late", LARGE).setRebalanceTimeout(timeout))) {
                var refused = new Stream(ConsumeInitial.newBuilder().setGroup(wrong));
                assertEquals(
                        ErrorReason.ERROR_REASON_INVALID_REQUEST,
                        refused.responses.failure().getReason(),
                        timeout::toString);
            }
        }
    }

    /// Streams that are open and want nothing: they cost little, and others do not notice.
    @Test
    void hundredsOfIdleStreams() throws Exception {
        var before = usedBytes();
        var assigned = new AtomicInteger();
        var failed = new AtomicInteger();
        List<StreamObserver<ConsumeRequest>> streams = new ArrayList<>();
        for (int i = 0; i < IDLE_STREAMS; i++) {
            var requests = ConsumerServiceGrpc.newStub(node.channel).consume(new StreamObserver<>() {
                @Override
                public void onNext(ConsumeResponse response) {
                    if (response.hasAssigned()) {
                        assigned.incrementAndGet();
                    }
                }

                @Override
                public void onError(Throwable failure) {
                    failed.incrementAndGet();
                }

                @Override
                public void onCompleted() {}
            });
            requests.onNext(ConsumeRequest.newBuilder().setInitial(of(LARGE)).build());
            streams.add(requests);
        }
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (assigned.get() < IDLE_STREAMS && failed.get() == 0 && System.nanoTime() - deadlineNanos < 0) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        assertEquals(0, failed.get());
        assertEquals(IDLE_STREAMS, assigned.get());
        var bytesEach = (usedBytes() - before) / IDLE_STREAMS;
        assertTrue(bytesEach < 128 * 1024, () -> bytesEach + " bytes for each, client and broker together");
        readEverything();
        streams.forEach(StreamObserver::onCompleted);
    }
}
