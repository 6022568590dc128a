package io.weirlog.bench.log;

import io.weirlog.record.BatchFormat;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/// The bytes and directories that all contenders share.
final class SampleBatches {
    static final int MEBIBYTE = 1 << 20;
    /// Where logs are made, if not in the usual place.
    static final String DIRECTORY_PROPERTY = "weirlog.bench.directory";

    private static final int KEY_BYTES = 8;

    private SampleBatches() {}

    /// A batch of about `batchBytes`, uncompressed, in direct memory, like what comes from the network.
    ///
    /// @param recordBytes of each record's value
    static ByteBuffer batch(int batchBytes, int recordBytes) {
        var random = new Random(batchBytes);
        var builder = new RecordBatchBuilder(Compression.NONE, batchBytes);
        var value = new byte[Math.min(recordBytes, batchBytes - 2 * BatchFormat.HEADER_BYTES)];
        var key = new byte[KEY_BYTES];
        do {
            random.nextBytes(value);
            random.nextBytes(key);
            builder.append(System.currentTimeMillis(), key, value, List.of());
        } while (builder.estimatedBytesWith(KEY_BYTES, value.length, 0) <= batchBytes);
        var batch = builder.build();
        return ByteBuffer.allocateDirect(batch.remaining()).put(batch).flip();
    }

    /// A new directory for one measurement, below `-Dweirlog.bench.directory` or else the usual place of temporary
    /// files.
    static Path newDirectory() throws IOException {
        var parent = System.getProperty(DIRECTORY_PROPERTY, System.getProperty("java.io.tmpdir"));
        return Files.createTempDirectory(Path.of(parent), "weirlog-bench");
    }

    static void delete(Path directory) throws IOException {
        try (var paths = Files.walk(directory)) {
            for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
