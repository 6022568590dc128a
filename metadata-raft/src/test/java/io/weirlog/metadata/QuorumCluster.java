package io.weirlog.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.codec.SnapshotCodec;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.testing.FreePorts;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// Several members of one quorum in this process, on the loopback interface.
final class QuorumCluster implements AutoCloseable {
    static final UUID CLUSTER = UUID.fromString("5f0e9c1e-7a54-4c0e-9a26-3f4f5c1d2b3a");
    private static final Duration WAIT_MAX = Duration.ofSeconds(30);

    private final Path directory;
    private final QuorumConfig.Tuning tuning;
    private final List<QuorumConfig.Voter> formers;
    private final Map<Integer, Endpoint> endpoints = new HashMap<>();
    private final TreeMap<Integer, MetadataQuorum> running = new TreeMap<>();

    /// @param formers how many voters form the quorum: the nodes 1 to that
    QuorumCluster(Path directory, int formers, QuorumConfig.Tuning tuning) {
        this(directory, formers, tuning, Map.of());
    }

    /// @param proxies where the others find a node, if not where it listens
    QuorumCluster(Path directory, int formers, QuorumConfig.Tuning tuning, Map<Integer, Endpoint> proxies) {
        this.directory = directory;
        this.tuning = tuning;
        this.formers = IntStream.rangeClosed(1, formers)
                .mapToObj(id -> new QuorumConfig.Voter(new BrokerId(id), proxies.getOrDefault(id, endpoint(id))))
                .toList();
    }

    Endpoint endpoint(int id) {
        return endpoints.computeIfAbsent(id, _ -> new Endpoint("localhost", FreePorts.next()));
    }

    Path folder(int id) {
        return directory.resolve("node-" + id);
    }

    Path raft(int id, String folder) {
        return folder(id).resolve("raft").resolve(CLUSTER.toString()).resolve(folder);
    }

    QuorumConfig config(int id) {
        return new QuorumConfig(folder(id), CLUSTER, new BrokerId(id), formers, endpoint(id), tuning);
    }

    /// A former member that took longer to stop than it is waited for may still hold the files or the port.
    MetadataQuorum start(int id) throws QuorumStartException {
        long deadline = System.nanoTime() + WAIT_MAX.toNanos();
        while (true) {
            try {
                var quorum = MetadataQuorum.start(config(id));
                running.put(id, quorum);
                return quorum;
            } catch (QuorumStartException e) {
                if (!isStillHeld(e) || System.nanoTime() > deadline) {
                    throw e;
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            }
        }
    }

    private static boolean isStillHeld(QuorumStartException failure) {
        return failure.reason() == QuorumStartException.Reason.ADDRESS_UNUSABLE
                || failure.reason() == QuorumStartException.Reason.FOLDER_IN_USE
                || String.valueOf(failure.getMessage()).contains(OverlappingFileLockException.class.getSimpleName());
    }

    /// Starts a node that does not name itself among those who formed the quorum.
    MetadataQuorum startToJoin(int id) throws QuorumStartException {
        var others = formers.stream()
                .filter(voter -> !voter.id().equals(new BrokerId(id)))
                .toList();
        var quorum = MetadataQuorum.start(
                new QuorumConfig(folder(id), CLUSTER, new BrokerId(id), others, endpoint(id), tuning));
        running.put(id, quorum);
        return quorum;
    }

    QuorumCluster startAll(int... ids) throws QuorumStartException {
        for (int id : ids) {
            start(id);
        }
        return this;
    }

    void stop(int id) {
        Optional.ofNullable(running.remove(id)).ifPresent(MetadataQuorum::close);
    }

    MetadataQuorum node(int id) {
        return Optional.ofNullable(running.get(id)).orElseThrow();
    }

    Collection<MetadataQuorum> nodes() {
        return running.values();
    }

    /// The id of the one active controller, once there is one.
    int active() {
        return await(
                "an active controller",
                () -> running.entrySet().stream()
                        .filter(entry -> entry.getValue().role() instanceof QuorumRole.Active)
                        .map(Map.Entry::getKey)
                        .findFirst());
    }

    /// The answer of whichever node is active; retries until there is one.
    MetadataReply propose(MetadataCommand command) throws Exception {
        long deadline = System.nanoTime() + WAIT_MAX.toNanos();
        while (true) {
            try {
                return node(active()).client().propose(command).get(2, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
            }
        }
    }

    private MembershipResult change(Function<MetadataQuorum, CompletableFuture<MembershipResult>> change) {
        long deadline = System.nanoTime() + WAIT_MAX.toNanos();
        while (true) {
            var result =
                    change.apply(node(active())).orTimeout(20, TimeUnit.SECONDS).join();
            boolean again = switch (result) {
                case MembershipResult.NotActive _, MembershipResult.Unknown _ -> true;
                case MembershipResult.Refused refused -> refused.reason() == MembershipResult.Reason.CHANGE_UNDER_WAY;
                case MembershipResult.Done _ -> false;
            };
            if (!again || System.nanoTime() > deadline) {
                return result;
            }
        }
    }

    MembershipResult add(int id) {
        return change(active -> active.addVoter(new BrokerId(id), endpoint(id)));
    }

    MembershipResult remove(int id) {
        return change(active -> active.removeVoter(new BrokerId(id)));
    }

    List<Integer> voters() {
        return node(active()).describe().voters().stream()
                .map(voter -> voter.id().value())
                .toList();
    }

    /// Waits until all running nodes are at the same entry, and sees that they have the same state there.
    void awaitSameState() {
        var images = await("the same entry everywhere", () -> {
            var seen =
                    running.values().stream().map(node -> node.feed().image()).toList();
            long index = node(active()).feed().image().index();
            return seen.stream().allMatch(image -> image.index() == index) ? Optional.of(seen) : Optional.empty();
        });
        var hashes = new HashSet<String>();
        images.forEach(image -> hashes.add(SnapshotCodec.hash(image.state())));
        assertEquals(1, hashes.size(), hashes::toString);
    }

    static void await(String what, BooleanSupplier condition) {
        await(what, () -> condition.getAsBoolean() ? Optional.of(true) : Optional.empty());
    }

    static <T> T await(String what, Supplier<Optional<T>> condition) {
        long deadline = System.nanoTime() + WAIT_MAX.toNanos();
        while (true) {
            var found = condition.get();
            if (found.isPresent()) {
                return found.get();
            }
            if (System.nanoTime() > deadline) {
                throw new AssertionError("no " + what + " within " + WAIT_MAX);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }

    @Override
    public void close() {
        // All at once: each takes up to a second.
        running.values().parallelStream().forEach(MetadataQuorum::close);
        running.clear();
    }
}
