package io.weirlog.server.group.core;

import io.weirlog.common.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;

/// A consumer of the group, over several lives: it does what the contract asks of a client, and at times crashes, stops
/// for a while, or keeps what it should give back.
final class SimMember {
    private static final int BEAT_MILLIS = 500;
    private static final int CONSUME_MILLIS = 400;
    private static final int LET_GO_MILLIS_MAX = 600;

    private final GroupSim sim;
    private final int number;
    private Optional<Life> life = Optional.empty();
    private int lives;
    private boolean mayComeBack = true;

    SimMember(GroupSim sim, int number) {
        this.sim = sim;
        this.number = number;
    }

    Optional<Life> life() {
        return life;
    }

    void start() {
        if (life.isEmpty()) {
            life = Optional.of(new Life());
            life.get().beat();
            life.get().consume();
        }
    }

    void crash() {
        life.ifPresent(one -> {
            one.end();
            sim.count("members crashed");
            var away = sim.random().nextInt(8_000);
            sim.queue().after(away, () -> {
                if (mayComeBack) {
                    start();
                }
            });
        });
    }

    /// What may befall a member.
    void fault() {
        if (sim.strikes(GroupSimPlan.Fault.MEMBER_CRASH, 3)) {
            crash();
        } else if (sim.strikes(GroupSimPlan.Fault.MEMBER_PAUSE, 2)) {
            life.ifPresent(one ->
                    one.pausedUntilMillis = sim.nowMillis() + sim.random().nextInt(9_000));
        } else if (sim.strikes(GroupSimPlan.Fault.MEMBER_RESTART, 2) && life.isPresent()) {
            // The old process may live on for a while beside the new one, as after a botched rollout.
            var former = life.get();
            life = Optional.empty();
            if (sim.random().nextBoolean()) {
                former.pausedUntilMillis = sim.nowMillis() + sim.random().nextInt(5_000);
                sim.queue().after(sim.random().nextInt(10_000), former::end);
            } else {
                former.end();
            }
            start();
        } else if (sim.strikes(GroupSimPlan.Fault.MEMBER_LEAVES, 2)) {
            life.ifPresent(Life::leave);
            sim.queue().after(sim.random().nextInt(4_000), this::start);
        } else if (sim.strikes(GroupSimPlan.Fault.NEVER_ACKNOWLEDGES, 2)) {
            life.ifPresent(one -> one.neverLetsGo = true);
        }
    }

    /// Some of those that are gone stay so.
    void calmDown() {
        mayComeBack = sim.random().nextBoolean();
    }

    /// One life of the process.
    final class Life {
        private final Optional<InstanceId> instance;
        private final NavigableMap<TopicPartition, Owned> owned = new TreeMap<>();
        private MemberId member;
        private SimGroupBroker broker;
        private int epoch;
        private long pausedUntilMillis;
        private boolean neverLetsGo;
        private boolean over;
        private boolean beating;
        private int beats;

        private static final class Owned {
            private boolean fetched;
            private boolean stopping;
        }

        Life() {
            lives++;
            instance = sim.plan().statics() && number % 2 == 0
                    ? Optional.of(new InstanceId("host-" + number))
                    : Optional.empty();
            // Static members may keep their member id too: a file on the same host.
            var sameId = instance.isPresent() && number % 4 == 0;
            member = new MemberId("m" + number + (sameId ? "" : "-" + lives));
            broker = sim.leader();
            sim.oracle().begins(this);
        }

        MemberId member() {
            return member;
        }

        int epoch() {
            return epoch;
        }

        NavigableSet<TopicPartition> owned() {
            return new TreeSet<>(owned.keySet());
        }

        boolean owns(TopicPartition partition) {
            return owned.containsKey(partition);
        }

        void end() {
            over = true;
            owned.clear();
            sim.oracle().ends(this);
            if (isPresent()) {
                life = Optional.empty();
            }
        }

        /// Whether this is the life that the member is in now.
        private boolean isPresent() {
            return life.equals(Optional.of(this));
        }

        void leave() {
            if (epoch > 0) {
                sim.call(broker, new GroupRequest.Leave(GroupSim.GROUP, member, epoch), (_, _) -> {}, () -> {});
            }
            end();
        }

        private boolean isPaused() {
            return pausedUntilMillis > sim.nowMillis();
        }

        /// Comes back to `action` after a pause. Nothing happens in a life that is over.
        private void awake(Runnable action) {
            if (over) {
                return;
            }
            if (isPaused()) {
                sim.queue().after(pausedUntilMillis - sim.nowMillis(), () -> awake(action));
            } else {
                action.run();
            }
        }

        void beat() {
            awake(() -> {
                var number = ++beats;
                sim.queue().after(BEAT_MILLIS, () -> {
                    if (number == beats) {
                        beat();
                    }
                });
                if (!beating) {
                    beating = true;
                    sim.call(broker, request(), (reply, _) -> awake(() -> told(reply)), () -> awake(this::astray));
                }
            });
        }

        private GroupRequest request() {
            var terms = new MemberTerms(
                    instance,
                    "",
                    "",
                    number % 3 == 1
                            ? new Subscription(List.of(), Optional.of("[a-z]+s"))
                            : Subscription.of("orders", "bills"),
                    sim.plan().sessionMillis(),
                    sim.plan().rebalanceMillis(),
                    sim.plan().assignor());
            if (epoch == 0) {
                return new GroupRequest.Join(GroupSim.GROUP, member, terms);
            }
            var wait = sim.random().nextBoolean() ? 600 : 0;
            return new GroupRequest.Heartbeat(
                    GroupSim.GROUP, member, epoch, instance, Optional.empty(), new TreeSet<>(owned.keySet()), wait);
        }

        private void told(GroupReply reply) {
            beating = false;
            switch (reply) {
                case GroupReply.Membership state -> follow(state);
                case GroupReply.Refused refused -> refused(refused);
                default -> throw new IllegalStateException("answered with " + reply);
            }
        }

        private void astray() {
            beating = false;
            broker = sim.random().nextInt(4) > 0
                    ? sim.leader()
                    : sim.brokers().get(sim.random().nextInt(sim.brokers().size()));
        }

        private void refused(GroupReply.Refused refused) {
            sim.count("refused: " + refused.reason());
            switch (refused.reason()) {
                case UNKNOWN_MEMBER, STALE_MEMBER_EPOCH -> {
                    if (!isPresent()) {
                        end();
                        return;
                    }
                    owned.clear();
                    epoch = 0;
                    neverLetsGo = false;
                    beat();
                }
                case FENCED_MEMBER -> {
                    if (isPresent()) {
                        sim.queue().after(1_000, SimMember.this::start);
                    }
                    end();
                }
                case COORDINATOR_LOADING -> astray();
                default -> throw new IllegalStateException("refused for " + refused);
            }
        }

        private void follow(GroupReply.Membership state) {
            if (state.epoch() < epoch) {
                return;
            }
            epoch = state.epoch();
            for (var partition : state.assigned()) {
                var had = owned.get(partition);
                if (had == null) {
                    sim.oracle().takes(this, partition);
                    owned.put(partition, new Owned());
                } else {
                    had.stopping = false;
                }
            }
            for (var entry : List.copyOf(owned.entrySet())) {
                if (!state.assigned().contains(entry.getKey())) {
                    stop(entry.getKey(), entry.getValue());
                }
            }
            // Let go of in an epoch that was over when the heartbeat came: that acknowledged nothing.
            if (!owned.keySet().containsAll(state.revoking())) {
                beat();
            }
        }

        private void stop(TopicPartition partition, Owned one) {
            if (one.stopping || neverLetsGo) {
                return;
            }
            one.stopping = true;
            sim.queue()
                    .after(
                            sim.random().nextInt(LET_GO_MILLIS_MAX),
                            () -> awake(() -> {
                                if (one.stopping && owned.get(partition) == one) {
                                    commit(List.of(partition));
                                    owned.remove(partition);
                                    beat();
                                }
                            }));
        }

        void consume() {
            awake(() -> {
                var ready = new ArrayList<TopicPartition>();
                var unknown = new ArrayList<TopicPartition>();
                owned.forEach((partition, one) -> (one.fetched ? ready : unknown).add(partition));
                if (!unknown.isEmpty()) {
                    fetch(unknown);
                }
                if (!ready.isEmpty() && sim.random().nextInt(3) > 0) {
                    commit(ready);
                }
                sim.queue().after(1 + sim.random().nextInt(2 * CONSUME_MILLIS), this::consume);
            });
        }

        private void fetch(List<TopicPartition> partitions) {
            var ref = new GroupRequest.MemberRef(member, epoch);
            var request = new GroupRequest.FetchOffsets(GroupSim.GROUP, Optional.of(ref), Optional.of(partitions));
            var read = sim.oracle().reading(GroupSim.GROUP, Optional.of(ref));
            sim.call(
                    broker,
                    request,
                    (reply, by) -> {
                        if (reply instanceof GroupReply.Offsets(var offsets)) {
                            for (var partition : partitions) {
                                read.got(partition, Optional.ofNullable(offsets.get(partition)), by);
                                awake(() -> Optional.ofNullable(owned.get(partition))
                                        .ifPresent(one -> one.fetched = true));
                            }
                        }
                    },
                    () -> {});
        }

        private void commit(List<TopicPartition> partitions) {
            var ref = new GroupRequest.MemberRef(member, epoch);
            var commits = new ArrayList<GroupRequest.OffsetCommit>();
            for (var partition : partitions) {
                var offset = sim.oracle().committing(GroupSim.GROUP, partition, Optional.of(ref));
                commits.add(new GroupRequest.OffsetCommit(partition, offset, OptionalInt.empty(), ""));
            }
            if (epoch == 0 || commits.isEmpty()) {
                return;
            }
            var request = new GroupRequest.CommitOffsets(GroupSim.GROUP, Optional.of(ref), commits);
            sim.call(
                    broker,
                    request,
                    (reply, _) -> {
                        if (reply instanceof GroupReply.PartitionResults(var results)) {
                            for (int i = 0; i < results.size(); i++) {
                                if (results.get(i).isEmpty()) {
                                    sim.oracle().acknowledged(commits.get(i).nextOffset());
                                }
                            }
                        }
                    },
                    () -> {});
        }
    }
}
