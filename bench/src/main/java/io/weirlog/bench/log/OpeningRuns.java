package io.weirlog.bench.log;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Runs [Opening] in a process of its own, round by round, over the same logs.
final class OpeningRuns {
    static final int LOGS = 10_000;

    private final int rounds;

    /// What one run tells.
    private record Figures(double seconds, long heapBytesPerLog, long openFiles, long maps) {
        static Figures parse(String line) throws IOException {
            var words = line.split(" ", -1);
            if (words.length != 4) {
                throw new IOException("a run has failed: " + line);
            }
            return new Figures(
                    Double.parseDouble(words[0]),
                    Long.parseLong(words[1]),
                    Long.parseLong(words[2]),
                    Long.parseLong(words[3]));
        }
    }

    OpeningRuns(int rounds) {
        this.rounds = rounds;
    }

    void run(PrintStream out) throws IOException {
        var folder = SampleBatches.newDirectory();
        try {
            System.err.printf("making %d logs%n", LOGS);
            Opening.fill(folder, LOGS);
            int threads = Runtime.getRuntime().availableProcessors();
            var runs = new ArrayList<Figures>();
            for (int round = 1; round <= rounds; round++) {
                System.err.printf("round %d of %d: open %d logs after a clean stop%n", round, rounds, LOGS);
                runs.add(open(folder, threads));
            }
            runs.sort(Comparator.comparingDouble(Figures::seconds));
            var median = runs.get(runs.size() / 2);
            out.printf(
                    "open %,d logs of 2 segments after a clean stop, by %d threads, median of %d: %.2f s,"
                            + " %,d B of heap for each, %,d open files, %,d maps%n",
                    LOGS,
                    threads,
                    rounds,
                    median.seconds(),
                    median.heapBytesPerLog(),
                    median.openFiles(),
                    median.maps());
        } finally {
            SampleBatches.delete(folder);
        }
    }

    private static Figures open(Path folder, int threads) throws IOException {
        var process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xms1g",
                        "-Xmx1g",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Opening.class.getName(),
                        folder.toString(),
                        Integer.toString(threads)))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var output = process.inputReader()) {
            var figures = Figures.parse(Optional.ofNullable(output.readLine()).orElse(""));
            if (process.waitFor() != 0) {
                throw new IOException("a run ended with " + process.exitValue());
            }
            return figures;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            process.destroyForcibly();
        }
    }
}
