package io.weirlog.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.Attributes;
import io.grpc.Server;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.weirlog.record.Record;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Leader;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// A broker of one node in memory that speaks the contract over loopback, with switches to make it fail. Everything is
/// guarded by its lock.
final class InMemoryBroker implements AutoCloseable {
    static final String CLUSTER_ID = "test-cluster";
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

    private final Map<String, TestTopic> topics = new TreeMap<>();
    private final Deque<Reaction> reactions = new ArrayDeque<>();
    private final Deque<Problem> deletionProblems = new ArrayDeque<>();
    private final Deque<Problem> initRefusals = new ArrayDeque<>();
    private final List<Runnable> held = new ArrayList<>();
    private final List<TestConsumeStream> consumeStreams = new ArrayList<>();
    private final List<TestProduceStream> produceStreams = new ArrayList<>();
    private final Server server;
    private final int port;
    private final AtomicInteger connectionsSeen = new AtomicInteger();
    private int appendsSeen;
    private int consumeStreamsSeen;
    private int produceStreamsSeen;
    private int describesSeen;
    private int laggingAnswers;
    private int maxInFlightAppends = 100;
    private long metadataIndex = 1;
    private long producerIds = 1_000;
    private String leaderAddress = "";
    private final Map<String, Leader> leadersElsewhere = new HashMap<>();
    private boolean mute;
    private int namedAppends;
    private int problemsTold;
    private Optional<Problem> hiddenStarts = Optional.empty();
    private Duration heartbeatInterval = Duration.ZERO;

    record TestTopic(UUID id, List<TestLog> partitions, Map<String, String> configs) {}

    private InMemoryBroker(int port) throws IOException {
        var services = new TestServices(this);
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .maxInboundMessageSize(32 * 1024 * 1024)
                .permitKeepAliveTime(5, TimeUnit.SECONDS)
                .addTransportFilter(new ServerTransportFilter() {
                    @Override
                    public Attributes transportReady(Attributes attributes) {
                        connectionsSeen.incrementAndGet();
                        return attributes;
                    }
                })
                .addService(services.producer())
                .addService(services.consumer())
                .addService(new TestAdmin(this))
                .addService(new TestCluster(this))
                .build()
                .start();
        this.port = server.getPort();
    }

    /// A broker on a free port.
    static InMemoryBroker start() {
        return start(0);
    }

    static InMemoryBroker start(int port) {
        try {
            return new InMemoryBroker(port);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    int port() {
        return port;
    }

    int connectionsSeen() {
        return connectionsSeen.get();
    }

    String address() {
        return "127.0.0.1:" + port();
    }

    /// Where clients are told that the leader is.
    String leaderAddress() {
        return leaderAddress.isEmpty() ? address() : leaderAddress;
    }

    /// Says from now on that another broker leads all of a topic.
    synchronized void leader(String topic, String address, int epoch) {
        leadersElsewhere.put(
                topic,
                Leader.newBuilder()
                        .setBrokerId(2)
                        .setLeaderEpoch(epoch)
                        .setAddress(address)
                        .build());
    }

    synchronized Optional<Leader> leaderElsewhere(String topic) {
        return Optional.ofNullable(leadersElsewhere.get(topic));
    }

    synchronized void leaderAddress(String address) {
        leaderAddress = address;
    }

    synchronized TestTopic createTopic(String name, int partitions) {
        return createTopic(name, partitions, Map.of());
    }

    synchronized TestTopic createTopic(String name, int partitions, Map<String, String> configs) {
        var logs = new ArrayList<TestLog>();
        for (var i = 0; i < partitions; i++) {
            logs.add(new TestLog());
        }
        var topic = new TestTopic(UUID.randomUUID(), logs, configs);
        topics.put(name, topic);
        metadataIndex++;
        return topic;
    }

    synchronized void deleteTopic(String name) {
        topics.remove(name);
        metadataIndex++;
    }

    Map<String, TestTopic> topics() {
        return topics;
    }

    long metadataIndex() {
        return metadataIndex;
    }

    /// The topic; without it, the problem is thrown as a status.
    TestTopic topic(String name) {
        return Optional.ofNullable(topics.get(name)).orElseThrow(() -> Problems.toStatus(unknownTopic(name)));
    }

    /// The log; without it, the problem is thrown as a status.
    TestLog log(String topic, int partition) {
        var found = topic(topic);
        if (partition < 0 || partition >= found.partitions().size()) {
            throw Problems.toStatus(Problems.problem(
                    Status.Code.NOT_FOUND, ErrorReason.ERROR_REASON_UNKNOWN_PARTITION, "no partition " + partition));
        }
        return found.partitions().get(partition);
    }

    static Problem unknownTopic(String topic) {
        return Problems.problem(
                Status.Code.NOT_FOUND,
                ErrorReason.ERROR_REASON_UNKNOWN_TOPIC,
                "no topic " + topic,
                Map.of("topic", topic));
    }

    synchronized List<Record> records(String topic, int partition) {
        return log(topic, partition).records();
    }

    synchronized List<String> values(String topic, int partition) {
        return records(topic, partition).stream()
                .map(record -> new String(Objects.requireNonNull(record.value()), UTF_8))
                .toList();
    }

    synchronized int batchCount(String topic, int partition) {
        return log(topic, partition).batchCount();
    }

    synchronized void deleteBefore(String topic, int partition, long offset) {
        log(topic, partition).deleteBefore(offset);
    }

    /// The next appends meet these reactions, in order; those after are accepted.
    synchronized void react(Reaction... next) {
        reactions.addAll(List.of(next));
    }

    /// The next producers that ask who they are get these problems, in order.
    synchronized void refuseProducers(Problem... problems) {
        initRefusals.addAll(List.of(problems));
    }

    Optional<Problem> nextInitRefusal() {
        return Optional.ofNullable(initRefusals.poll());
    }

    long nextProducerId() {
        return producerIds++;
    }

    /// The partition knows its producers no more.
    synchronized void forgetProducers(String topic, int partition) {
        log(topic, partition).producers().forget();
    }

    /// The epoch of the producer of each batch in a partition.
    synchronized List<Integer> producerEpochs(String topic, int partition) {
        return log(topic, partition).producerEpochs();
    }

    Reaction nextReaction() {
        appendsSeen++;
        var next = reactions.poll();
        return next == null ? new Reaction.Accept() : next;
    }

    void hold(Runnable what) {
        held.add(what);
    }

    synchronized int heldCount() {
        return held.size();
    }

    /// Goes on with everything held, in order.
    synchronized void release() {
        var all = List.copyOf(held);
        held.clear();
        all.forEach(Runnable::run);
    }

    synchronized int appendsSeen() {
        return appendsSeen;
    }

    synchronized int consumeStreamsSeen() {
        return consumeStreamsSeen;
    }

    synchronized int produceStreams() {
        return produceStreams.size();
    }

    synchronized int produceStreamsSeen() {
        return produceStreamsSeen;
    }

    synchronized int describesSeen() {
        return describesSeen;
    }

    void describeSeen() {
        describesSeen++;
    }

    synchronized void maxInFlightAppends(int appends) {
        maxInFlightAppends = appends;
    }

    int maxInFlightAppends() {
        return maxInFlightAppends;
    }

    void opened(TestConsumeStream stream) {
        consumeStreams.add(stream);
        consumeStreamsSeen++;
    }

    void closed(TestConsumeStream stream) {
        consumeStreams.remove(stream);
    }

    void opened(TestProduceStream stream) {
        produceStreams.add(stream);
        produceStreamsSeen++;
    }

    void closed(TestProduceStream stream) {
        produceStreams.remove(stream);
    }

    /// Something was appended: readers may go on.
    void appended() {
        List.copyOf(consumeStreams).forEach(TestConsumeStream::pump);
    }

    synchronized void breakConsumers() {
        breakConsumers(Status.UNAVAILABLE.withDescription("cut"));
    }

    /// Ends every `Consume` stream without a word of the contract's.
    synchronized void breakConsumers(Status status) {
        List.copyOf(consumeStreams).forEach(stream -> stream.breakOff(status));
    }

    synchronized void drainConsumers() {
        List.copyOf(consumeStreams).forEach(TestConsumeStream::drain);
    }

    /// Tells every consumer of trouble with its first partition, which then stands still until it is resumed.
    synchronized void troubleConsumers(Problem problem) {
        List.copyOf(consumeStreams).forEach(stream -> stream.stick(0, problem));
    }

    synchronized TestConsumeStream.Sent sentTo(TestConsumeStream stream) {
        return stream.sent();
    }

    /// Flips a bit in the last byte of a batch.
    synchronized void damage(String topic, int partition, int batchIndex) {
        log(topic, partition).damage(batchIndex);
    }

    /// New streams are not answered.
    synchronized void mute(boolean muted) {
        mute = muted;
    }

    boolean isMute() {
        return mute;
    }

    /// What consumers are told; no heartbeat is ever sent.
    synchronized void heartbeatInterval(Duration interval) {
        heartbeatInterval = interval;
    }

    Duration heartbeatInterval() {
        return heartbeatInterval;
    }

    /// New consumers are told this problem instead of where they begin.
    synchronized void hideStarts(Problem problem) {
        hiddenStarts = Optional.of(problem);
    }

    synchronized void showStarts() {
        hiddenStarts = Optional.empty();
    }

    /// The next deletions of records are answered with these problems, in order.
    synchronized void refuseDeletions(Problem... problems) {
        deletionProblems.addAll(List.of(problems));
    }

    Optional<Problem> nextDeletionProblem() {
        return Optional.ofNullable(deletionProblems.poll());
    }

    Optional<Problem> hiddenStarts() {
        return hiddenStarts;
    }

    /// How many problems of partitions consumers were told.
    synchronized int problemsTold() {
        return problemsTold;
    }

    void problemTold() {
        problemsTold++;
    }

    /// How many appends on streams carried the name of their topic.
    synchronized int namedAppends() {
        return namedAppends;
    }

    void appendNamed() {
        namedAppends++;
    }

    /// The next answers about the cluster are as old as the cluster.
    synchronized void lagMetadata(int answers) {
        laggingAnswers = answers;
    }

    boolean nextAnswerLags() {
        return laggingAnswers-- > 0;
    }

    synchronized void drainProducers() {
        List.copyOf(produceStreams).forEach(TestProduceStream::drain);
    }

    synchronized List<TestConsumeStream> consumeStreams() {
        return List.copyOf(consumeStreams);
    }

    @Override
    public void close() {
        server.shutdownNow();
        try {
            server.awaitTermination(STOP_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
