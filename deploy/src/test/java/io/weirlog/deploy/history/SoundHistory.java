package io.weirlog.deploy.history;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// A history as a sound log gives it: producers whose answers get lost or say no, readers that move about.
final class SoundHistory {
    static final int PARTITIONS = 2;
    private static final int STEPS = 400;
    private static final int PRODUCERS = 3;

    private final Random random;
    private final List<Entry> entries = new ArrayList<>();
    private final List<List<String>> logs = new ArrayList<>();
    private final long[] next = new long[PARTITIONS];
    private long sends;

    private SoundHistory(int seed) {
        random = new Random(seed);
        for (var partition = 0; partition < PARTITIONS; partition++) {
            logs.add(new ArrayList<>());
            entries.add(new Entry.Positioned("reader", partition, 0));
        }
    }

    static List<Entry> of(int seed) {
        var history = new SoundHistory(seed);
        for (var step = 0; step < STEPS; step++) {
            history.step();
        }
        for (var partition = 0; partition < PARTITIONS; partition++) {
            var log = history.logs.get(partition);
            for (var offset = 0; offset < log.size(); offset++) {
                history.entries.add(new Entry.FinalRead(partition, offset, log.get(offset)));
            }
        }
        return history.entries;
    }

    private void step() {
        var partition = random.nextInt(PARTITIONS);
        var log = logs.get(partition);
        switch (random.nextInt(10)) {
            case 0 -> {
                var position = random.nextInt(log.size() + 1);
                entries.add(new Entry.Positioned("reader", partition, position));
                next[partition] = position;
            }
            case 1 -> {
                entries.add(new Entry.EndInvoked("lister", partition));
                entries.add(new Entry.EndListed("lister", partition, log.size()));
            }
            case 2, 3, 4 -> {
                if (next[partition] < log.size()) {
                    entries.add(new Entry.Polled("reader", partition, next[partition], log.get((int) next[partition])));
                    next[partition]++;
                }
            }
            default -> send(partition, log);
        }
    }

    private void send(int partition, List<String> log) {
        var process = "p" + random.nextInt(PRODUCERS);
        var send = ++sends;
        var value = Value.of(process, send);
        entries.add(new Entry.SendInvoked(process, send, partition, value));
        var luck = random.nextInt(10);
        if (luck == 0) {
            entries.add(new Entry.SendFailed(process, send));
            return;
        }
        if (luck > 1 || random.nextBoolean()) {
            log.add(value);
        }
        entries.add(
                luck > 1 ? new Entry.SendAcked(process, send, log.size() - 1) : new Entry.SendUnknown(process, send));
    }
}
