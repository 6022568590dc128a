package io.weirlog.bench.groups;

import io.weirlog.bench.groups.Members.Joining;
import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;

/// A member in a process of its own, to be killed. Prints a line whenever the number of its partitions changes.
public final class Victim implements Members.Listener {
    static final String OWNS = "owns ";

    private final Set<Integer> owned = new TreeSet<>();
    private final CountDownLatch failed = new CountDownLatch(1);

    /// Arguments: contender, addresses, group, instance, topic, seconds of the session.
    public static void main(String[] arguments) throws InterruptedException {
        var joining =
                new Joining(arguments[2], arguments[3], arguments[4], Duration.ofSeconds(Long.parseLong(arguments[5])));
        var victim = new Victim();
        try (var members = Members.of(arguments[0], arguments[1])) {
            members.join(joining, victim);
            victim.failed.await();
        }
        System.exit(1);
    }

    @Override
    public synchronized void assigned(Collection<Integer> partitions) {
        owned.addAll(partitions);
        System.out.println(OWNS + owned.size());
    }

    @Override
    public synchronized void lost(Collection<Integer> partitions) {
        owned.removeAll(partitions);
        System.out.println(OWNS + owned.size());
    }

    @Override
    public void received(int partition, long stampNanos) {}

    @Override
    public void failed(String why) {
        System.out.println("failed: " + why);
        failed.countDown();
    }
}
