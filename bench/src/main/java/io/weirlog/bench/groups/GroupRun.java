package io.weirlog.bench.groups;

import io.weirlog.bench.Figures;
import io.weirlog.bench.cluster.NodeProcess;
import io.weirlog.bench.groups.Members.Joining;
import io.weirlog.bench.groups.Members.Member;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/// Measures one cluster's groups.
final class GroupRun {
    private static final long STABLE_SECONDS_MAX = 120;
    /// After all is read again: what moves late moves in this time.
    private static final long SETTLE_MILLIS = 2_000;

    private final String name;
    private final Cluster cluster;
    private final Size size;
    private final Path folder;
    private final Figures figures;
    private final boolean stops;

    /// @param partitions a multiple of the members
    record Size(int members, int partitions, Duration session) {
        int share() {
            return partitions / members;
        }
    }

    /// @param folder for what processes print
    /// @param stops whether members are stopped (SIGSTOP) instead of killed
    GroupRun(String name, Cluster cluster, Size size, Path folder, Figures figures, boolean stops) {
        this.name = name;
        this.cluster = cluster;
        this.size = size;
        this.folder = folder;
        this.figures = figures;
        this.stops = stops;
    }

    /// One member after the other is killed; the others go on.
    void kills(int kills) throws Exception {
        cluster.createTopic("killed", size.partitions());
        var ownership = new Ownership(size.partitions());
        var others = new TreeMap<String, Member>();
        try (var members = Members.of(name, cluster.addresses())) {
            var began = System.nanoTime();
            var victim = victim("");
            for (int i = 1; i < size.members(); i++) {
                var member = "member-" + i;
                others.put(member, members.join(joining("killed", ""), ownership.listener(member)));
            }
            awaitShares(ownership, victim);
            add("all have joined and have their share, s", (System.nanoTime() - began) / 1e9);
            try (var _ = new Feeder(cluster, "killed", size.partitions())) {
                for (int kill = 1; kill <= kills; kill++) {
                    var how = stops ? "SIGSTOP" : "kill -9";
                    kill(ownership, victim, how + " of a member");
                    victim = victim("the-one");
                    awaitShares(ownership, victim);
                    kill(ownership, victim, how + " of a static member");
                    victim = victim("");
                    awaitShares(ownership, victim);
                }
            }
            victim.kill();
        } finally {
            others.values().forEach(Member::close);
        }
    }

    /// Tells it at once, too: a run takes minutes.
    private void add(String row, double value) {
        System.err.printf(Locale.ROOT, "%s: %s %.2f%n", name, row, value);
        figures.add(row, name, value);
    }

    private Joining joining(String topic, String instance) {
        return new Joining("of-" + topic, instance, topic, size.session());
    }

    private NodeProcess victim(String instance) throws Exception {
        var joining = joining("killed", instance);
        var command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                Victim.class.getName(),
                name,
                cluster.addresses(),
                joining.group(),
                joining.instance(),
                joining.topic(),
                Long.toString(joining.session().toSeconds()));
        return NodeProcess.start(command, Map.of(), folder.resolve("victim-" + System.nanoTime() + ".out"));
    }

    private void awaitShares(Ownership ownership, NodeProcess victim) throws Exception {
        ownership.await(
                "all have their share", STABLE_SECONDS_MAX, () -> ownership.isEven(size.members() - 1, size.share()));
        victim.awaitLine(Victim.OWNS + size.share(), STABLE_SECONDS_MAX);
    }

    private void kill(Ownership ownership, NodeProcess victim, String row) throws Exception {
        var mine = ownership.owners();
        ownership.await(
                "the others read",
                STABLE_SECONDS_MAX,
                () -> ownership.unreadSince(System.nanoTime() - TimeUnit.SECONDS.toNanos(2)).stream()
                        .noneMatch(mine::containsKey));
        var lostBefore = ownership.lost();
        var killedNanos = System.nanoTime();
        if (stops) {
            victim.pause();
        } else {
            victim.kill();
        }
        var seconds = ownership.await(
                "all partitions are read again",
                STABLE_SECONDS_MAX + size.session().toSeconds(),
                () -> ownership.isReadSince(killedNanos));
        TimeUnit.MILLISECONDS.sleep(SETTLE_MILLIS);
        ownership.check();
        victim.kill();
        add(row + ": until all partitions are read again, s", seconds);
        add(row + ": partitions of others that moved", ownership.lost() - lostBefore);
    }

    /// Each member is stopped and comes back under its instance id, one after the other.
    void rollingRestart() throws Exception {
        cluster.createTopic("rolling", size.partitions());
        var ownership = new Ownership(size.partitions());
        var running = new TreeMap<String, Member>();
        try (var members = Members.of(name, cluster.addresses())) {
            for (int i = 1; i <= size.members(); i++) {
                var member = "member-" + i;
                running.put(member, members.join(joining("rolling", member), ownership.listener(member)));
            }
            ownership.await(
                    "all have their share", STABLE_SECONDS_MAX, () -> ownership.isEven(size.members(), size.share()));
            var before = ownership.owners();
            var lostBefore = ownership.lost();
            for (var restarted : running.entrySet()) {
                var member = restarted.getKey();
                var began = System.nanoTime();
                restarted.getValue().close();
                ownership.ended(member);
                restarted.setValue(members.join(joining("rolling", member), ownership.listener(member)));
                ownership.await(
                        member + " has its share again",
                        STABLE_SECONDS_MAX,
                        () -> ownership.hasShare(member, size.share()));
                figures.add(
                        "restart of a static member: until it has its share, ms",
                        name,
                        (System.nanoTime() - began) / 1e6);
            }
            TimeUnit.MILLISECONDS.sleep(SETTLE_MILLIS);
            ownership.check();
            var after = ownership.owners();
            var moved = (int) before.entrySet().stream()
                    .filter(one -> !one.getValue().equals(after.get(one.getKey())))
                    .count();
            var lost = ownership.lost() - lostBefore;
            add("rolling restart of static members: partitions that moved", moved + lost);
        } finally {
            running.values().forEach(Member::close);
        }
    }
}
