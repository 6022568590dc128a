package io.weirlog.server;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Duration;
import io.grpc.stub.StreamObserver;
import io.weirlog.v1.Assignor;
import io.weirlog.v1.Commit;
import io.weirlog.v1.CommitPosition;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.Credit;
import io.weirlog.v1.DescribeGroupRequest;
import io.weirlog.v1.GroupSubscription;
import io.weirlog.v1.GroupsServiceGrpc;
import io.weirlog.v1.Revoked;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Whole consumers in one stream each, as a client in any language would write them: through any broker, with
/// partitions that come and go.
@Timeout(120)
class GroupStreamTest {
    private static final String GROUP = "shipping";
    private static final String TOPIC = "parcels";
    private static final int PARTITIONS = 6;

    @TempDir
    private Path folder;

    /// What all consumers of a test have seen, by partition: how often each value came.
    private final Map<String, Integer> seen = new ConcurrentHashMap<>();

    /// A consumer that commits each batch and lets go of what it is told to. When its broker stops it goes, unless
    /// it is deaf; if it is told to hold back it commits only then.
    private final class Consumer implements StreamObserver<ConsumeResponse> {
        final Map<Integer, Integer> partitions = new TreeMap<>();
        final List<String> problems = new ArrayList<>();
        private final Map<Integer, Long> next = new HashMap<>();
        private final StreamObserver<ConsumeRequest> requests;
        private long commits;
        private long committed;
        private boolean ended;
        private String memberId = "";
        private boolean holdsBack;
        private boolean leaving;
        private Duration grace = Duration.getDefaultInstance();

        Consumer(TestNode node) {
            this(node, "");
        }

        Consumer(TestNode node, Assignor assignor) {
            this(node, subscription().setAssignor(assignor));
        }

        /// @param member whom it goes on as; empty: a new one
        Consumer(TestNode node, String member) {
            this(node, subscription().setMemberId(member));
        }

        private Consumer(TestNode node, GroupSubscription.Builder subscription) {
            requests = ConsumerServiceGrpc.newStub(node.channel).consume(this);
            send(ConsumeRequest.newBuilder()
                    .setInitial(ConsumeInitial.newBuilder()
                            .setGroup(subscription)
                            .setCredit(Credit.newBuilder().setRecords(100_000).setBytes(100 << 20)))
                    .build());
        }

        private void send(ConsumeRequest request) {
            requests.onNext(request);
        }

        @Override
        public synchronized void onNext(ConsumeResponse response) {
            switch (response.getResponseCase()) {
                case ASSIGNED ->
                    response.getAssigned()
                            .getPartitionsList()
                            .forEach(one -> partitions.put(one.getAssignment(), one.getPartition()));
                case BATCH -> {
                    var batch = response.getBatch();
                    batch.getRecords()
                            .getRecordsList()
                            .forEach(record -> seen.merge(record.getValue().toStringUtf8(), 1, Integer::sum));
                    next.put(batch.getAssignment(), batch.getNextOffset());
                    if (!holdsBack) {
                        commit();
                    }
                }
                case COMMITTED -> {
                    committed++;
                    if (response.getCommitted().hasProblem()) {
                        problems.add(response.getCommitted().getProblem().getMessage());
                    }
                    if (leaving && committed == commits) {
                        leave();
                    }
                }
                case DRAINING -> {
                    grace = response.getDraining().getGrace();
                    leaving = holdsBack;
                    if (leaving) {
                        commit();
                    }
                }
                case REVOKING -> {
                    response.getRevoking().getAssignmentsList().forEach(partitions::remove);
                    send(ConsumeRequest.newBuilder()
                            .setRevoked(Revoked.newBuilder()
                                    .addAllAssignments(response.getRevoking().getAssignmentsList()))
                            .build());
                }
                case PROBLEM -> problems.add(response.getProblem().getProblem().getMessage());
                case INITIAL -> memberId = response.getInitial().getMemberId();
                case END_OF_PARTITION, LAG, HEARTBEAT, PREFERRED, RESPONSE_NOT_SET -> {}
            }
        }

        private void commit() {
            var commit = Commit.newBuilder().setCommitId(++commits);
            next.forEach((assignment, offset) -> commit.addPositions(
                    CommitPosition.newBuilder().setAssignment(assignment).setNextOffset(offset)));
            next.clear();
            send(ConsumeRequest.newBuilder().setCommit(commit).build());
        }

        synchronized void holdBack() {
            holdsBack = true;
        }

        synchronized Duration grace() {
            return grace;
        }

        synchronized Set<Integer> owned() {
            return new TreeSet<>(partitions.values());
        }

        synchronized String memberId() {
            return memberId;
        }

        synchronized boolean allCommitted() {
            return committed == commits;
        }

        synchronized boolean hasEnded() {
            return ended;
        }

        @Override
        public synchronized void onError(Throwable failure) {
            ended = true;
            partitions.clear();
        }

        @Override
        public synchronized void onCompleted() {
            ended = true;
            partitions.clear();
        }

        void leave() {
            requests.onCompleted();
        }
    }

    private static GroupSubscription.Builder subscription() {
        return GroupSubscription.newBuilder()
                .setGroupId(GROUP)
                .addTopics(TOPIC)
                .setSessionTimeout(Duration.newBuilder().setSeconds(3));
    }

    private static boolean share(List<Consumer> consumers) {
        var all = new TreeSet<Integer>();
        var each = PARTITIONS / consumers.size();
        for (var consumer : consumers) {
            var owned = consumer.owned();
            if (owned.size() != each) {
                return false;
            }
            all.addAll(owned);
        }
        return all.size() == PARTITIONS;
    }

    private void write(TestNode node, String prefix) {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            node.append(TOPIC, partition, prefix + partition + "a", prefix + partition + "b");
        }
    }

    private boolean haveSeen(String... prefixes) {
        for (var prefix : prefixes) {
            for (int partition = 0; partition < PARTITIONS; partition++) {
                if (!seen.containsKey(prefix + partition + "a") || !seen.containsKey(prefix + partition + "b")) {
                    return false;
                }
            }
        }
        return true;
    }

    @Test
    void consumersOfAllBrokersShareTheWork() throws Exception {
        try (var cluster = TestCluster.ofThree(folder, TOPIC, PARTITIONS)) {
            write(cluster.node(1), "first-");
            var consumers = new ArrayList<Consumer>();
            consumers.add(new Consumer(cluster.node(1)));
            await(() -> share(consumers) && haveSeen("first-"));
            consumers.add(new Consumer(cluster.node(2)));
            consumers.add(new Consumer(cluster.node(3)));
            await(() -> share(consumers));
            write(cluster.node(2), "second-");
            await(() -> haveSeen("second-"));
            await(() -> consumers.stream().allMatch(Consumer::allCommitted));
            consumers.removeFirst().leave();
            await(() -> share(consumers));
            write(cluster.node(3), "third-");
            await(() -> haveSeen("third-"));
            await(() -> consumers.stream().allMatch(Consumer::allCommitted));
            // Every change of owners was acknowledged, and each batch was committed: nothing came twice.
            seen.forEach((value, times) -> assertEquals(1, times, value));
            consumers.forEach(consumer -> assertEquals(List.of(), consumer.problems));
        }
    }

    /// Two of the three brokers are not the group's coordinator.
    @Test
    void theGroupDividesAsMostOfItsConsumersAsk() throws Exception {
        try (var cluster = TestCluster.ofThree(folder, TOPIC, PARTITIONS)) {
            var consumers = new ArrayList<Consumer>();
            consumers.add(new Consumer(cluster.node(1), Assignor.ASSIGNOR_UNIFORM));
            consumers.add(new Consumer(cluster.node(2), Assignor.ASSIGNOR_RANGE));
            consumers.add(new Consumer(cluster.node(3), Assignor.ASSIGNOR_RANGE));
            await(() -> consumers.stream()
                    .map(Consumer::owned)
                    .collect(Collectors.toSet())
                    .equals(Set.of(Set.of(0, 1), Set.of(2, 3), Set.of(4, 5))));
            var group = GroupsServiceGrpc.newBlockingStub(cluster.node(1).channel)
                    .describeGroup(
                            DescribeGroupRequest.newBuilder().setGroupId(GROUP).build());
            assertEquals(Assignor.ASSIGNOR_RANGE, group.getAssignor());
        }
    }

    @Test
    void aMemberMayCommitAndGoWhileItsBrokerStops() throws Exception {
        try (var cluster = TestCluster.ofThree(folder, TOPIC, PARTITIONS)) {
            var consumers = new ArrayList<Consumer>();
            for (int id = 1; id <= 2; id++) {
                consumers.add(new Consumer(cluster.node(id)));
            }
            var leaving = new Consumer(cluster.node(3));
            leaving.holdBack();
            consumers.add(leaving);
            await(() -> share(consumers));
            write(cluster.node(1), "first-");
            await(() -> haveSeen("first-"));
            // The test's own channel to the node would end the stream before the node does.
            cluster.stopBeforeItsClients(3);
            await(leaving::hasEnded);
            assertEquals(3, leaving.grace().getSeconds());
            consumers.remove(leaving);
            await(() -> share(consumers));
            write(cluster.node(1), "second-");
            await(() -> haveSeen("second-"));
            // What was held back was committed in time: nothing came twice.
            seen.forEach((value, times) -> assertEquals(1, times, value));
            assertEquals(List.of(), leaving.problems);
        }
    }

    @Test
    void othersTakeOverWhenABrokerStopsWithItsConsumers() throws Exception {
        try (var cluster = TestCluster.ofThree(folder, TOPIC, PARTITIONS)) {
            var consumers = new ArrayList<Consumer>();
            for (int id = 1; id <= 3; id++) {
                consumers.add(new Consumer(cluster.node(id)));
            }
            await(() -> share(consumers));
            write(cluster.node(1), "first-");
            await(() -> haveSeen("first-"));
            cluster.stopBeforeItsClients(3);
            var lost = consumers.removeLast();
            await(lost::hasEnded);
            assertEquals(3, lost.grace().getSeconds(), "it was told, and did not go by itself");
            await(() -> share(consumers));
            write(cluster.node(1), "second-");
            await(() -> haveSeen("second-"));
            assertFalse(consumers.stream().anyMatch(Consumer::hasEnded));
        }
    }

    /// As a client does whose connection broke while its broker lives on.
    @Test
    void aStreamGoesOnAsTheMemberOfOneThatIsStillThere() throws Exception {
        try (var cluster = TestCluster.ofThree(folder, TOPIC, PARTITIONS)) {
            var consumers = new ArrayList<Consumer>();
            consumers.add(new Consumer(cluster.node(1)));
            consumers.add(new Consumer(cluster.node(2)));
            await(() -> share(consumers));
            write(cluster.node(1), "first-");
            await(() -> haveSeen("first-") && consumers.stream().allMatch(Consumer::allCommitted));
            var former = consumers.getFirst();
            var owned = former.owned();
            var heir = new Consumer(cluster.node(3), former.memberId());
            await(() -> heir.owned().equals(owned) && former.hasEnded());
            assertEquals(former.memberId(), heir.memberId());
            consumers.set(0, heir);
            assertTrue(share(consumers));
            write(cluster.node(2), "second-");
            await(() -> haveSeen("second-"));
            seen.forEach((value, times) -> assertEquals(1, times, value));
        }
    }
}
