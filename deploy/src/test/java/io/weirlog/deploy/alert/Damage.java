package io.weirlog.deploy.alert;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;

/// What disks do to the files of a partition.
final class Damage {
    private Damage() {}

    static Path partition(Path dataDirectory, String topic, int partition) {
        return dataDirectory.resolve("partitions").resolve(topic + "-" + partition);
    }

    /// The partition's first segment.
    static Path segment(Path partition) throws IOException {
        try (var files = Files.list(partition)) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .min(Comparator.naturalOrder())
                    .orElseThrow();
        }
    }

    /// A byte in the middle of the file becomes another one.
    static void inTheMiddle(Path file) throws IOException {
        try (var access = new RandomAccessFile(file.toFile(), "rw")) {
            var middle = access.length() / 2;
            access.seek(middle);
            var value = access.read();
            access.seek(middle);
            access.write(~value);
        }
    }

    static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
