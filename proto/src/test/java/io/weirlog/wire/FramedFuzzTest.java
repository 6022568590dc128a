package io.weirlog.wire;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.sun.management.ThreadMXBean;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.FetchResponse;
import io.weirlog.v1.FetchedPartition;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Messages with payloads, damaged at random: they are read or refused, and cost no more memory than their bytes do.
/// The long run is `-Dweirlog.fuzz.messages=1000000`.
class FramedFuzzTest {
    private static final int MESSAGES = Integer.getInteger("weirlog.fuzz.messages", 40_000);
    private static final long ALLOCATED_BYTES_MAX = 256 << 10;

    private static final FramedLayout<AppendRequest> FLAT = FramedLayout.flat(AppendRequest.parser(), 15);
    private static final FramedLayout<FetchResponse> NESTED =
            FramedLayout.nested(FetchResponse.parser(), 1, 15, FetchResponse::getPartitionsList);

    private final ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static byte[] flat(Random random) {
        return AppendRequest.newBuilder()
                .setTopic("orders")
                .setPartition(random.nextInt(10))
                .setBatch(ByteString.copyFrom(new byte[random.nextInt(300)]))
                .build()
                .toByteArray();
    }

    private static byte[] nested(Random random) {
        var response = FetchResponse.newBuilder();
        for (var i = random.nextInt(4); i >= 0; i--) {
            response.addPartitions(FetchedPartition.newBuilder()
                    .setTopic("orders")
                    .setHighWatermark(random.nextLong())
                    .setBatches(ByteString.copyFrom(new byte[random.nextInt(300)])));
        }
        return response.build().toByteArray();
    }

    private static byte[] damaged(byte[] message, Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> Arrays.copyOf(message, random.nextInt(message.length + 1));
            case 1 -> Arrays.copyOf(message, message.length + random.nextInt(20));
            case 2 -> {
                var at = random.nextInt(message.length);
                for (var n = random.nextInt(11); n >= 0 && at < message.length; n--, at++) {
                    message[at] = (byte) (random.nextInt(256) | 0x80);
                }
                yield message;
            }
            default -> {
                for (var n = 1 + random.nextInt(6); n > 0; n--) {
                    message[random.nextInt(message.length)] = (byte) random.nextInt(256);
                }
                yield message;
            }
        };
    }

    @Test
    void damagedMessagesAreReadOrRefused() {
        var refused = 0;
        for (var seed = 0; seed < MESSAGES; seed++) {
            var random = new Random(seed);
            var isFlat = random.nextBoolean();
            var bytes = ByteBuffer.wrap(damaged(isFlat ? flat(random) : nested(random), random));
            var before = thread.getCurrentThreadAllocatedBytes();
            try {
                assertWithin(bytes, isFlat ? payloads(FLAT, bytes) : payloads(NESTED, bytes));
            } catch (IOException e) {
                refused++;
            } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
                throw new AssertionError("seed " + seed, e);
            }
            var allocated = thread.getCurrentThreadAllocatedBytes() - before;
            assertTrue(allocated <= ALLOCATED_BYTES_MAX, "seed " + seed + " allocated " + allocated);
        }
        System.out.println("refused " + refused + " of " + MESSAGES + " messages");
        assertTrue(refused > MESSAGES / 5 && refused < MESSAGES, refused + " refused");
    }

    private static List<ByteBuffer> payloads(FramedLayout<?> layout, ByteBuffer bytes) throws IOException {
        var decoder = new FramedDecoder<>(layout, bytes);
        decoder.decode();
        return decoder.payloads();
    }

    private static void assertWithin(ByteBuffer message, List<ByteBuffer> payloads) {
        var bytes = payloads.stream().mapToLong(ByteBuffer::remaining).sum();
        assertTrue(bytes <= message.remaining(), bytes + " bytes of payload");
    }
}
