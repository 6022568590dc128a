package io.weirlog.log;

import io.weirlog.record.BatchFormat;
import io.weirlog.record.Compression;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.record.RecordHeader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// Makes batches that are wrong in the ways in which bytes go wrong, and in those in which a hostile sender makes
/// them. Most get a length and a CRC that fit again, so that they reach what lies behind these checks.
final class BatchMutator {
    private static final int[] INTERESTING = {
        0, 1, -1, 2, 61, 127, 128, 255, 256, 65_535, Integer.MAX_VALUE, Integer.MAX_VALUE - 12, Integer.MIN_VALUE
    };
    private static final int BOMB_BYTES = 1 << 20;
    private static final int LARGE_BYTES = 20_000;

    private final List<byte[]> corpus = new ArrayList<>();
    /// Of each codec, packed zeros: far more than any limit of the tests.
    private final List<byte[]> bombs = new ArrayList<>();
    /// Of each codec, a batch whose record is larger than a topic of the tests takes.
    private final List<byte[]> larges = new ArrayList<>();

    BatchMutator() throws MalformedBatchException {
        for (var compression : Compression.values()) {
            for (var i = 0; i < 20; i++) {
                corpus.add(bytes(goodBatch(compression, new Random(i))));
            }
            bombs.add(bytes(compression.compress(new byte[BOMB_BYTES], 0, BOMB_BYTES)));
            var large = new RecordBatchBuilder(compression, 0);
            large.append(TestLogs.NOW, null, new byte[LARGE_BYTES], List.of());
            larges.add(bytes(large.build()));
        }
    }

    private static ByteBuffer goodBatch(Compression compression, Random random) {
        var builder = new RecordBatchBuilder(compression, 256);
        for (var i = random.nextInt(6); i >= 0; i--) {
            var headers = new ArrayList<RecordHeader>();
            for (var h = random.nextInt(3); h > 0; h--) {
                headers.add(new RecordHeader("h" + h, random.nextInt(4) == 0 ? null : new byte[h]));
            }
            var value = new byte[random.nextInt(random.nextInt(8) == 0 ? 2000 : 100)];
            random.nextBytes(value);
            builder.append(
                    TestLogs.NOW + random.nextInt(100),
                    random.nextInt(4) == 0 ? null : new byte[] {1, 2},
                    random.nextInt(6) == 0 ? null : value,
                    headers);
        }
        if (random.nextInt(3) == 0) {
            builder.producer(random.nextInt(100), (short) random.nextInt(5), random.nextInt(1000));
        }
        return builder.build();
    }

    List<byte[]> corpus() {
        return corpus;
    }

    /// @param random decides everything
    byte[] mutate(Random random) {
        if (random.nextInt(500) == 0) {
            return larges.get(random.nextInt(larges.size())).clone();
        }
        var batch = pick(random).clone();
        for (var n = 1 + random.nextInt(3); n > 0; n--) {
            batch = mutateOnce(batch, random);
        }
        if (batch.length < BatchFormat.HEADER_BYTES) {
            return batch;
        }
        var buffer = ByteBuffer.wrap(batch);
        if (random.nextInt(5) > 0) {
            buffer.putInt(BatchFormat.LENGTH_AT, batch.length - BatchFormat.PREFIX_BYTES);
        }
        var fits = buffer.getInt(BatchFormat.LENGTH_AT) + BatchFormat.PREFIX_BYTES == batch.length;
        if (fits && random.nextInt(6) > 0) {
            RecordBatch.stampCrc(buffer, 0);
        }
        return batch;
    }

    private byte[] pick(Random random) {
        return corpus.get(random.nextInt(corpus.size()));
    }

    private byte[] mutateOnce(byte[] batch, Random random) {
        if (batch.length <= BatchFormat.HEADER_BYTES) {
            return pick(random).clone();
        }
        return switch (random.nextInt(11)) {
            case 0 -> flipBits(batch, 0, random);
            case 1 -> flipBits(batch, BatchFormat.HEADER_BYTES, random);
            case 2 -> Arrays.copyOf(batch, random.nextInt(batch.length));
            case 3 -> Arrays.copyOf(batch, batch.length + 1 + random.nextInt(100));
            case 4 -> changeHeader(batch, random);
            case 5 -> changeNumber(batch, random);
            case 6 -> splice(batch, pick(random), random);
            case 7 -> repeatOrRemove(batch, random);
            case 8 -> changePacked(batch, random);
            case 9 -> changeCodec(batch, random);
            default -> random.nextInt(20) == 0 ? bomb(batch, random) : changeHeader(batch, random);
        };
    }

    private static byte[] flipBits(byte[] batch, int from, Random random) {
        for (var n = 1 + random.nextInt(8); n > 0; n--) {
            batch[from + random.nextInt(batch.length - from)] ^= (byte) (1 << random.nextInt(8));
        }
        return batch;
    }

    private static byte[] changeHeader(byte[] batch, Random random) {
        var buffer = ByteBuffer.wrap(batch);
        var value = INTERESTING[random.nextInt(INTERESTING.length)];
        switch (random.nextInt(11)) {
            case 0 -> buffer.putInt(BatchFormat.LENGTH_AT, value);
            case 1 -> buffer.put(BatchFormat.MAGIC_AT, (byte) value);
            case 2 -> buffer.putShort(BatchFormat.ATTRIBUTES_AT, (short) random.nextInt(256));
            case 3 -> buffer.putInt(BatchFormat.LAST_OFFSET_DELTA_AT, value);
            case 4 -> buffer.putLong(BatchFormat.BASE_TIMESTAMP_AT, (long) value << random.nextInt(33));
            case 5 -> buffer.putLong(BatchFormat.MAX_TIMESTAMP_AT, (long) value << random.nextInt(33));
            case 6 -> buffer.putLong(BatchFormat.PRODUCER_ID_AT, value);
            case 7 -> buffer.putShort(BatchFormat.PRODUCER_EPOCH_AT, (short) value);
            case 8 -> buffer.putInt(BatchFormat.BASE_SEQUENCE_AT, value);
            case 9 -> {
                buffer.putInt(BatchFormat.RECORD_COUNT_AT, value);
                buffer.putInt(BatchFormat.LAST_OFFSET_DELTA_AT, value - 1);
            }
            default -> buffer.putLong(BatchFormat.BASE_OFFSET_AT, (long) value << random.nextInt(33));
        }
        return batch;
    }

    /// Overwrites some bytes as if a long varint were there.
    private static byte[] changeNumber(byte[] batch, Random random) {
        var at = BatchFormat.HEADER_BYTES + random.nextInt(batch.length - BatchFormat.HEADER_BYTES);
        for (var n = random.nextInt(11); n >= 0 && at < batch.length; n--, at++) {
            batch[at] = (byte) (n == 0 ? random.nextInt(128) : random.nextInt(256) | 0x80);
        }
        return batch;
    }

    private static byte[] splice(byte[] head, byte[] tail, Random random) {
        var headBytes = random.nextInt(head.length);
        var tailFrom = random.nextInt(tail.length);
        return join(Arrays.copyOf(head, headBytes), Arrays.copyOfRange(tail, tailFrom, tail.length));
    }

    private static byte[] repeatOrRemove(byte[] batch, Random random) {
        var from = BatchFormat.HEADER_BYTES + random.nextInt(batch.length - BatchFormat.HEADER_BYTES);
        var to = from + random.nextInt(batch.length - from);
        return random.nextBoolean()
                ? join(Arrays.copyOf(batch, to), Arrays.copyOfRange(batch, from, batch.length))
                : join(Arrays.copyOf(batch, from), Arrays.copyOfRange(batch, to, batch.length));
    }

    /// Damages the records inside a packed batch, which is packed properly again.
    private static byte[] changePacked(byte[] batch, Random random) {
        var header = RecordBatch.of(ByteBuffer.wrap(batch));
        var compression = header.compression();
        if (compression.isEmpty() || compression.get() == Compression.NONE) {
            return changeNumber(batch, random);
        }
        try {
            var packed = ByteBuffer.wrap(batch).position(BatchFormat.HEADER_BYTES);
            var unpacked = bytes(compression.get().decompress(packed, BOMB_BYTES));
            if (unpacked.length == 0) {
                return batch;
            }
            unpacked[random.nextInt(unpacked.length)] = (byte) random.nextInt(256);
            var again = compression.get().compress(unpacked, 0, unpacked.length);
            return join(Arrays.copyOf(batch, BatchFormat.HEADER_BYTES), bytes(again));
        } catch (MalformedBatchException e) {
            return batch;
        }
    }

    private static byte[] changeCodec(byte[] batch, Random random) {
        batch[BatchFormat.ATTRIBUTES_AT + 1] =
                (byte) ((batch[BatchFormat.ATTRIBUTES_AT + 1] & ~BatchFormat.COMPRESSION_MASK) | random.nextInt(8));
        return batch;
    }

    private byte[] bomb(byte[] batch, Random random) {
        var codec = random.nextInt(bombs.size());
        batch[BatchFormat.ATTRIBUTES_AT + 1] =
                (byte) ((batch[BatchFormat.ATTRIBUTES_AT + 1] & ~BatchFormat.COMPRESSION_MASK) | codec);
        return join(Arrays.copyOf(batch, BatchFormat.HEADER_BYTES), bombs.get(codec));
    }

    private static byte[] join(byte[] head, byte[] tail) {
        var joined = Arrays.copyOf(head, head.length + tail.length);
        System.arraycopy(tail, 0, joined, head.length, tail.length);
        return joined;
    }

    private static byte[] bytes(ByteBuffer buffer) {
        var bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }
}
