package io.weirlog.bench.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/// What any log has to do at least: a checksum over the batch, and one write.
final class BareFile implements Contender {
    private final FileChannel channel;
    private final CRC32C crc = new CRC32C();
    private long checksums;

    BareFile(Path directory) throws IOException {
        Files.createDirectories(directory);
        channel = FileChannel.open(directory.resolve("bare"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    @Override
    public void append(ByteBuffer batch) throws IOException {
        var start = batch.position();
        crc.reset();
        crc.update(batch);
        checksums ^= crc.getValue();
        batch.position(start);
        while (batch.hasRemaining()) {
            channel.write(batch);
        }
        batch.position(start);
    }

    @Override
    public long read(long offset, int maxBytes, ByteBuffer target) {
        throw new UnsupportedOperationException("a bare file has no offsets");
    }

    @Override
    public int lookUp(long offset, int maxBytes) {
        throw new UnsupportedOperationException("a bare file has no offsets");
    }

    @Override
    public void close() throws IOException {
        channel.close();
        if (checksums == 1) {
            throw new IOException("never so; it keeps the checksums alive");
        }
    }
}
