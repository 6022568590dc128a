package io.weirlog.bench.log;

import io.weirlog.bench.log.Case.Unit;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// What can be measured by itself.
enum CaseGroup {
    APPEND {
        @Override
        Stream<Case> cases() {
            return Stream.of(append(1024, 1000), append(16_384, 1000), append(65_536, 1000), append(65_536, 100));
        }
    },
    READ {
        @Override
        Stream<Case> cases() {
            return Stream.of(1024, 16_384, 65_536)
                    .flatMap(batchBytes -> Stream.of(
                            read("readInOrder", "read 64 KiB in order", batchBytes, 65_536),
                            read("readInOrder", "read 1 MiB in order", batchBytes, 1 << 20),
                            read("lookUpAnywhere", "find 64 KiB anywhere", batchBytes, 65_536)));
        }
    },
    RECOVERY {
        @Override
        Stream<Case> cases() {
            return Stream.of(16_384, 65_536)
                    .map(batchBytes -> new Case(
                            "recover 1 GiB of batches of " + batchBytes + " B",
                            "RecoveryBenchmark.open",
                            Map.of("batchBytes", String.valueOf(batchBytes)),
                            List.of("weirlog", "kafka"),
                            Unit.SECONDS_PER_GIGABYTE));
        }
    },
    /// Without a peer, and in no table: see [OpeningRuns].
    OPENING {
        @Override
        Stream<Case> cases() {
            return Stream.of();
        }
    },
    COMPACTION {
        @Override
        Stream<Case> cases() {
            return Stream.of("none", "lz4", "zstd")
                    .flatMap(compression -> Stream.of(compaction(compression, 100), compaction(compression, 1000)));
        }
    };

    abstract Stream<Case> cases();

    private static Case compaction(String compression, int recordBytes) {
        return new Case(
                "compact 1 GiB of records of " + recordBytes + " B, compression " + compression,
                "CompactionBenchmark.compact",
                Map.of("compression", compression, "recordBytes", String.valueOf(recordBytes)),
                List.of("weirlog", "kafka"),
                Unit.SECONDS_PER_GIGABYTE);
    }

    private static Case append(int batchBytes, int recordBytes) {
        return new Case(
                "append batches of " + batchBytes + " B, records of " + recordBytes + " B",
                "AppendBenchmark.append",
                Map.of("batchBytes", String.valueOf(batchBytes), "recordBytes", String.valueOf(recordBytes)),
                List.of("file", "weirlog unvalidated", "weirlog", "weirlog 16 at once", "kafka"),
                Unit.MEBIBYTES_PER_SECOND);
    }

    private static Case read(String method, String what, int batchBytes, int readBytes) {
        return new Case(
                what + ", batches of " + batchBytes + " B",
                "ReadBenchmark." + method,
                Map.of("batchBytes", String.valueOf(batchBytes), "readBytes", String.valueOf(readBytes)),
                List.of("weirlog", "kafka"),
                Unit.OPERATIONS_PER_SECOND);
    }
}
