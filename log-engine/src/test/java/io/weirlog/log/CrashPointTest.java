package io.weirlog.log;

import static io.weirlog.log.CrashRun.append;
import static io.weirlog.log.CrashRun.clean;
import static io.weirlog.log.CrashRun.end;
import static io.weirlog.log.CrashRun.epoch;
import static io.weirlog.log.CrashRun.follow;
import static io.weirlog.log.CrashRun.followTransaction;
import static io.weirlog.log.CrashRun.kill;
import static io.weirlog.log.CrashRun.produce;
import static io.weirlog.log.CrashRun.reopen;
import static io.weirlog.log.CrashRun.roll;
import static io.weirlog.log.CrashRun.sync;
import static io.weirlog.log.CrashRun.syncShared;
import static io.weirlog.log.TransactionMarker.Outcome.ABORT;
import static io.weirlog.log.TransactionMarker.Outcome.COMMIT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.log.CrashRun.Step;
import io.weirlog.log.fault.CrashException;
import io.weirlog.log.fault.LossMode;
import io.weirlog.log.fault.Operation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The machine crashes at every boundary between two calls to the disk, and loses what was not synced in every
/// way; what is left is opened, compared with the model, and used on.
class CrashPointTest {
    /// The long run is `-Dweirlog.crash.scripts=150`.
    private static final int RANDOM_SCRIPTS = Integer.getInteger("weirlog.crash.scripts", 12);

    private static final int SEEDS_PER_MODE = 2;
    /// Every so many states, the recovery itself and what follows it crash everywhere too.
    private static final int SECOND_CRASH_EVERY = 397;

    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(1500)
            .indexIntervalBytes(200)
            .segmentIndexBytes(120)
            .build();
    private static final String COMPACTED = "compact";
    private static final LogConfig COMPACTED_CONFIG = LogConfig.builder()
            .segmentBytes(1500)
            .indexIntervalBytes(200)
            .segmentIndexBytes(120)
            .compacted(true)
            .build();
    private static final String PREALLOCATED = "preallocated";
    private static final LogConfig PREALLOCATED_CONFIG = LogConfig.builder()
            .segmentBytes(1500)
            .segmentMillis(1)
            .segmentJitterMillis(1)
            .preallocate(true)
            .indexIntervalBytes(200)
            .segmentIndexBytes(120)
            .build();

    /// What a node does with a log that it finds after a crash.
    private static final List<Step> GO_ON = List.of(
            epoch(1), append(1, 1, 20), sync(), end(ABORT), produce(2, 300), reopen(), append(1, 1, 10), kill());

    private static final List<Step> CLEAN_ON =
            List.of(epoch(1), append(2, 2, 20), roll(), clean(), append(1, 1, 9), kill());

    private static Map<String, List<Step>> scripts() {
        var scripts = new LinkedHashMap<String, List<Step>>();
        scripts.put("append", List.of(epoch(0), append(1, 3, 50), append(2, 1, 700), append(1, 1, 10)));
        scripts.put("sync", List.of(epoch(0), append(1, 1, 50), sync(), append(1, 1, 600), sync(), append(1, 1, 5)));
        scripts.put("roll", List.of(epoch(0), append(1, 2, 50), roll(), append(1, 2, 50), roll(), sync(), roll()));
        scripts.put("roll by size", List.of(epoch(0), append(9, 1, 500), sync(), append(4, 2, 600), append(1, 1, 9)));
        scripts.put("sync late", List.of(epoch(0), sync(), append(6, 1, 400), append(6, 1, 400), sync()));
        scripts.put(
                "shared sync",
                List.of(
                        epoch(0),
                        syncShared(),
                        append(6, 1, 400),
                        syncShared(),
                        append(2, 1, 400),
                        sync(),
                        roll(),
                        syncShared(),
                        reopen(),
                        append(1, 1, 10),
                        syncShared()));
        scripts.put(
                "shared sync of transactions",
                List.of(epoch(0), produce(2, 300), end(ABORT), syncShared(), roll(), end(ABORT), syncShared(), kill()));
        scripts.put("epochs", List.of(epoch(0), epoch(1), append(1, 1, 50), epoch(2), append(1, 1, 50), epoch(3)));
        scripts.put("close", List.of(epoch(0), append(3, 1, 300), reopen(), append(2, 1, 300), reopen(), epoch(2)));
        scripts.put("close empty", List.of(reopen(), reopen(), epoch(1), reopen(), roll(), append(1, 1, 9), reopen()));
        scripts.put("kill", List.of(epoch(0), append(5, 1, 300), kill(), append(2, 1, 300), sync(), kill(), reopen()));
        scripts.put("follow", List.of(follow(2, 0), follow(3, 2), sync(), follow(9, 1), reopen(), follow(1, 0)));
        scripts.put(
                "transactions",
                List.of(epoch(0), produce(3, 50), end(ABORT), sync(), produce(2, 50), end(ABORT), produce(2, 50)));
        scripts.put(
                "transactions and rolls",
                List.of(
                        epoch(0),
                        produce(4, 400),
                        end(ABORT),
                        roll(),
                        produce(3, 400),
                        end(COMMIT),
                        sync(),
                        end(ABORT)));
        scripts.put(
                "transactions and ends",
                List.of(epoch(0), produce(4, 50), end(ABORT), reopen(), end(ABORT), roll(), kill(), reopen(), roll()));
        scripts.put(
                "follow transactions",
                List.of(followTransaction(ABORT), followTransaction(COMMIT), sync(), roll(), followTransaction(ABORT)));
        scripts.put(
                COMPACTED, List.of(epoch(0), append(3, 2, 50), append(2, 3, 400), roll(), append(1, 1, 10), clean()));
        scripts.put(
                COMPACTED + " twice",
                List.of(epoch(0), append(9, 2, 200), clean(), append(5, 3, 200), epoch(1), roll(), clean(), reopen()));
        scripts.put(
                COMPACTED + " closed",
                List.of(epoch(0), append(6, 1, 500), reopen(), clean(), append(1, 1, 10), roll(), kill(), clean()));
        return scripts;
    }

    private static LogConfig configOf(String name) {
        if (name.startsWith(PREALLOCATED)) {
            return PREALLOCATED_CONFIG;
        }
        return name.startsWith(COMPACTED) ? COMPACTED_CONFIG : CONFIG;
    }

    private static List<Step> randomScript(Random random) {
        var steps = new ArrayList<Step>(List.of(epoch(random.nextInt(2))));
        while (steps.size() < 9) {
            steps.add(
                    switch (random.nextInt(20)) {
                        case 0 -> roll();
                        case 1, 2 -> sync();
                        case 3 -> syncShared();
                        case 4 -> epoch(random.nextInt(3));
                        case 5 -> reopen();
                        case 6 -> kill();
                        case 7, 8 -> follow(1 + random.nextInt(4), random.nextInt(2));
                        case 9, 10 -> produce(1 + random.nextInt(3), random.nextInt(400));
                        case 11, 12 -> end(random.nextInt(3) == 0 ? COMMIT : ABORT);
                        case 13 -> followTransaction(ABORT);
                        default -> append(1 + random.nextInt(3), 1 + random.nextInt(3), random.nextInt(700));
                    });
        }
        return steps;
    }

    @Test
    void everyBoundaryAndLossLeavesAGoodLog() {
        var all = new ArrayList<Crashes>();
        scripts().forEach((name, steps) -> all.add(new Crashes(name, steps, 0)));
        for (var seed = 0; seed < RANDOM_SCRIPTS; seed++) {
            all.add(new Crashes("random script " + seed, randomScript(new Random(seed)), seed));
        }
        var states = crash(all);
        System.out.println(states + " crash states, of " + all.size() + " scripts");
        assertTrue(states >= 20_000, "only " + states + " states were looked at");
    }

    /// Returns how many states were looked at. Scripts have nothing in common, so they run at the same time.
    private static int crash(List<Crashes> scripts) {
        return scripts.parallelStream().mapToInt(Crashes::look).sum();
    }

    /// A script with all crashes that can come between its calls.
    private static final class Crashes {
        private final String name;
        private final List<Step> script;
        private final long seed;
        private int states;

        Crashes(String name, List<Step> script, long seed) {
            this.name = name;
            this.script = script;
            this.seed = seed;
        }

        int look() {
            try {
                var disk = CrashRun.newDisk(seed);
                var run = new CrashRun(disk, configOf(name), seed);
                run.onBoundary(next -> crashInAllWays(name, run, next, true));
                run.start();
                for (var step : script) {
                    step.run(run);
                }
                crashInAllWays(name, run, Operation.READ, true);
            } catch (Exception e) {
                throw new AssertionError(name, e);
            }
            return states;
        }

        private void crashInAllWays(String place, CrashRun run, Operation next, boolean first) throws Exception {
            for (var mode : LossMode.values()) {
                var seeds = mode == LossMode.ALL_LOST || mode == LossMode.ALL_KEPT || !first ? 1 : SEEDS_PER_MODE;
                for (var lossSeed = 0; lossSeed < seeds; lossSeed++) {
                    var here = place + ", before " + next + " at boundary "
                            + run.disk.faults().boundaries() + ", " + mode + ", seed " + lossSeed;
                    try {
                        var left = run.crash(mode, lossSeed);
                        states++;
                        if (first && states % SECOND_CRASH_EVERY == 0) {
                            left.onBoundary(then -> crashInAllWays(here + ", then", left, then, false));
                        }
                        left.start();
                        for (var step : name.startsWith(COMPACTED) ? CLEAN_ON : GO_ON) {
                            step.run(left);
                        }
                    } catch (Exception | AssertionError e) {
                        throw new AssertionError(here, e);
                    }
                }
            }
        }
    }

    /// KAFKA-5431: a tail of zeros is no damage, wherever a crash leaves it.
    @Test
    void preallocatedSegmentsAreRecoveredToo() {
        var states = crash(Stream.of("append", "roll", "close", "kill", "follow")
                .map(name -> new Crashes(
                        PREALLOCATED + ": " + name,
                        Objects.requireNonNull(scripts().get(name)),
                        0))
                .toList());
        System.out.println(states + " crash states with preallocated segments");
        assertTrue(states >= 2_000, "only " + states + " states were looked at");
    }

    /// A crash by exception leaves the same disk as the look at every boundary assumes.
    @Test
    void aCrashStopsTheLogWhereItIs() throws Exception {
        var script = Objects.requireNonNull(scripts().get("roll by size"));
        var boundaries = 0;
        for (var finished = false; !finished; boundaries++) {
            var disk = CrashRun.newDisk(0);
            var run = new CrashRun(disk, CONFIG, 0);
            disk.faults().crashAt(disk.faults().boundaries() + boundaries);
            try {
                run.start();
                for (var step : script) {
                    step.run(run);
                }
                finished = true;
            } catch (CrashException e) {
                assertThrows(CrashException.class, () -> CrashRun.open(disk, CONFIG));
            }
            for (var mode : LossMode.values()) {
                run.crash(mode, boundaries).start();
            }
        }
        assertTrue(boundaries > 30, boundaries + " boundaries");
    }

    /// L6: after the first failed call nothing is written or synced any more, and no crash loses what was
    /// durable.
    @Test
    void aFailedCallPoisonsTheLog() throws Exception {
        var poisoned = 0;
        for (var script : scripts().entrySet()) {
            for (var operation : Set.of(
                    Operation.WRITE,
                    Operation.SYNC,
                    Operation.SYNC_DIRECTORY,
                    Operation.SYNC_FILE_SYSTEM,
                    Operation.RENAME,
                    Operation.CREATE,
                    Operation.TRUNCATE,
                    Operation.EXTEND,
                    Operation.DELETE)) {
                for (var nth = 1; failsAt(script.getKey(), script.getValue(), operation, nth); nth++) {
                    poisoned++;
                }
            }
        }
        assertTrue(poisoned > 200, poisoned + " failures");
    }

    private static boolean failsAt(String name, List<Step> script, Operation operation, int nth) throws Exception {
        var disk = CrashRun.newDisk(nth);
        var run = new CrashRun(disk, configOf(name), nth);
        disk.faults().failNth(operation, nth);
        return endsWithFailure(name + ", " + operation + " number " + nth, run, script);
    }

    @Test
    void aFullDiskPoisonsTheLog() throws Exception {
        for (var script : scripts().entrySet()) {
            var bytes = 0;
            while (runWithRoom(script.getKey(), script.getValue(), bytes)) {
                bytes += 41;
            }
            assertTrue(bytes > 100, script.getKey());
        }
    }

    private static boolean runWithRoom(String name, List<Step> script, int bytes) throws Exception {
        var disk = CrashRun.newDisk(bytes);
        var run = new CrashRun(disk, configOf(name), bytes);
        disk.faults().limitGrowth(bytes);
        return endsWithFailure(name + ", room for " + bytes + " bytes", run, script);
    }

    private static boolean endsWithFailure(String place, CrashRun run, List<Step> script) throws Exception {
        try {
            run.start();
            for (var step : script) {
                step.run(run);
            }
            return false;
        } catch (IOException e) {
            try {
                checkPoisoned(run, e);
                for (var mode : LossMode.values()) {
                    run.crash(mode, 1).start();
                }
            } catch (Exception | AssertionError wrong) {
                wrong.addSuppressed(e);
                throw new AssertionError(place, wrong);
            }
            return true;
        }
    }

    /// A log that could not be opened or closed does not come as far as being poisoned.
    private static void checkPoisoned(CrashRun run, IOException failure) {
        if (!(failure instanceof LogPoisonedException)) {
            return;
        }
        var faults = run.disk.faults();
        var writes = faults.calls(Operation.WRITE);
        var syncs = faults.calls(Operation.SYNC) + faults.calls(Operation.SYNC_DIRECTORY);
        var epoch = run.model().epochs().latest().orElse(TestLogs.EPOCH);
        assertThrows(LogPoisonedException.class, () -> run.log().sync());
        assertThrows(LogPoisonedException.class, () -> run.log().roll());
        assertThrows(LogPoisonedException.class, () -> run.log().beginEpoch(new LeaderEpoch(epoch.value() + 1)));
        assertThrows(LogPoisonedException.class, () -> run.log().append(List.of(TestLogs.batch(1, 1)), epoch, 0));
        assertEquals(writes, faults.calls(Operation.WRITE), "writes");
        assertEquals(syncs, faults.calls(Operation.SYNC) + faults.calls(Operation.SYNC_DIRECTORY), "syncs");
    }
}
