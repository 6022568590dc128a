package io.weirlog.bench.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/// Something that keeps batches in files, so that all who do are measured by the same loop.
interface Contender extends AutoCloseable {
    /// Appends one batch as a producer sends it, in direct memory. The batch may be stamped in place.
    void append(ByteBuffer batch) throws IOException;

    /// Looks up whole batches from an offset on, at most `maxBytes`, and copies them to where the network would take
    /// them from.
    ///
    /// @return where to read on
    long read(long offset, int maxBytes, ByteBuffer target) throws IOException;

    /// The same without the copy, as where the file is sent from.
    ///
    /// @return the number of bytes found
    int lookUp(long offset, int maxBytes) throws IOException;

    @Override
    void close() throws IOException;

    /// @param name one of the names that the benchmarks have as parameter
    static Contender open(String name, Path directory) throws IOException {
        return switch (name) {
            case "file" -> new BareFile(directory);
            case "weirlog" -> new WeirlogLog(directory, true, 1);
            case "weirlog unvalidated" -> new WeirlogLog(directory, false, 1);
            case "weirlog 16 at once" -> new WeirlogLog(directory, true, 16);
            case "kafka" -> new KafkaLog(directory);
            default -> throw new IllegalArgumentException("nobody is called " + name);
        };
    }
}
