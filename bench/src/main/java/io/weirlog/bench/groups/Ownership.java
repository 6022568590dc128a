package io.weirlog.bench.groups;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// Who of a group has which partition, as the members of this process say, and when what was read last had been
/// written.
final class Ownership {
    private static final long LOOK_AGAIN_MILLIS = 5;

    private final int partitions;
    private final Map<Integer, String> owners = new TreeMap<>();
    private final long[] newestNanos;
    private int lost;
    private String failure = "";

    Ownership(int partitions) {
        this.partitions = partitions;
        this.newestNanos = new long[partitions];
        Arrays.fill(newestNanos, Long.MIN_VALUE / 2);
    }

    Members.Listener listener(String member) {
        return new Members.Listener() {
            @Override
            public void assigned(Collection<Integer> given) {
                synchronized (Ownership.this) {
                    given.forEach(partition -> owners.put(partition, member));
                }
            }

            @Override
            public void lost(Collection<Integer> taken) {
                synchronized (Ownership.this) {
                    taken.forEach(partition -> owners.remove(partition, member));
                    lost += taken.size();
                }
            }

            @Override
            public void received(int partition, long stampNanos) {
                synchronized (Ownership.this) {
                    newestNanos[partition] = Math.max(newestNanos[partition], stampNanos);
                }
            }

            @Override
            public void failed(String why) {
                synchronized (Ownership.this) {
                    failure = failure.isEmpty() ? member + ": " + why : failure;
                }
            }
        };
    }

    /// Forgets what a member had: it has ended.
    synchronized void ended(String member) {
        owners.values().removeIf(member::equals);
    }

    synchronized Map<Integer, String> owners() {
        return new TreeMap<>(owners);
    }

    /// How many partitions members had to let go of so far.
    synchronized int lost() {
        return lost;
    }

    synchronized boolean hasShare(String member, int share) {
        return owners.values().stream().filter(member::equals).count() == share;
    }

    /// Whether each of so many members has the same share.
    synchronized boolean isEven(int members, int share) {
        Map<String, Integer> shares = new TreeMap<>();
        owners.values().forEach(member -> shares.merge(member, 1, Integer::sum));
        return shares.size() == members && shares.values().stream().allMatch(one -> one == share);
    }

    /// Whether of all partitions records have been read that were written at this time or later.
    boolean isReadSince(long nanos) {
        return unreadSince(nanos).isEmpty();
    }

    synchronized List<Integer> unreadSince(long nanos) {
        List<Integer> unread = new ArrayList<>();
        for (int partition = 0; partition < partitions; partition++) {
            if (newestNanos[partition] - nanos < 0) {
                unread.add(partition);
            }
        }
        return unread;
    }

    /// Returns the seconds that it took.
    double await(String what, long secondsMax, BooleanSupplier condition) throws InterruptedException {
        var began = System.nanoTime();
        while (!condition.getAsBoolean()) {
            check();
            if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(secondsMax)) {
                throw new IllegalStateException("not within " + secondsMax + " s: " + what);
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MILLIS);
        }
        return (System.nanoTime() - began) / 1e9;
    }

    synchronized void check() {
        if (!failure.isEmpty()) {
            throw new IllegalStateException("a member failed: " + failure);
        }
    }
}
