package io.weirlog.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.Drainable;
import io.grpc.StatusRuntimeException;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.FetchResponse;
import io.weirlog.v1.FetchedPartition;
import io.weirlog.v1.ProduceAppend;
import io.weirlog.v1.ProduceInitial;
import io.weirlog.v1.ProduceRequest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The framed form must be, byte for byte in meaning, the protobuf message that a generated stub sends or reads.
class FramedMarshallerTest {
    private final DataPlane dataPlane = new DataPlane(BufferSource.HEAP);

    @ParameterizedTest
    @ValueSource(ints = {1, 127, 128, 16_384, 300_000})
    void producesWhatTheGeneratedClassReads(int payloadBytes) throws IOException {
        var payload = randomBytes(payloadBytes);
        var append = ProduceAppend.newBuilder()
                .setCorrelationId(7)
                .setTopic("orders")
                .setPartition(3);
        var framed = Framed.of(ProduceRequest.newBuilder().setAppend(append).build(), Payload.of(payload.duplicate()));

        var wire = drain(dataPlane.produce().streamRequest(framed));

        var expected = ProduceRequest.newBuilder()
                .setAppend(append.setBatch(ByteString.copyFrom(payload.duplicate())))
                .build();
        assertEquals(expected, ProduceRequest.parseFrom(wire));
        assertArrayEquals(wire, dataPlane.produce().streamRequest(framed).readAllBytes());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 127, 128, 16_384, 300_000})
    void readsWhatTheGeneratedClassSends(int payloadBytes) {
        var payload = randomBytes(payloadBytes);
        var request = AppendRequest.newBuilder().setTopic("orders").setPartition(3);
        var wire = request.clone()
                .setBatch(ByteString.copyFrom(payload.duplicate()))
                .build()
                .toByteArray();

        try (var framed = dataPlane.append().parseRequest(new ByteArrayInputStream(wire))) {
            assertEquals(request.build(), framed.message());
            assertEquals(payload, ((ReceivedPayload) framed.payload()).buffer());
        }
    }

    @Test
    void keepsOnePayloadForEachPart() throws IOException {
        var first = randomBytes(1000);
        var message = FetchResponse.newBuilder()
                .addPartitions(FetchedPartition.newBuilder().setPartition(0))
                .addPartitions(FetchedPartition.newBuilder().setPartition(1))
                .build();
        var wire = drain(
                dataPlane.fetch().streamResponse(new Framed<>(message, List.of(Payload.NONE, Payload.of(first)))));

        var generated = FetchResponse.parseFrom(wire);
        assertEquals(ByteString.EMPTY, generated.getPartitions(0).getBatches());
        assertEquals(
                ByteString.copyFrom(first.duplicate()),
                generated.getPartitions(1).getBatches());
        try (var framed = dataPlane.fetch().parseResponse(new ByteArrayInputStream(wire))) {
            assertEquals(message, framed.message());
            assertTrue(framed.payloads().get(0).isEmpty());
            assertEquals(first, ((ReceivedPayload) framed.payloads().get(1)).buffer());
        }
    }

    @Test
    void passesMessagesWithoutPayload() throws IOException {
        var message = ProduceRequest.newBuilder()
                .setInitial(ProduceInitial.newBuilder().setClientId("me"))
                .build();
        var wire = drain(dataPlane.produce().streamRequest(Framed.of(message)));
        assertArrayEquals(message.toByteArray(), wire);
        assertEquals(
                message,
                dataPlane.produce().parseRequest(new ByteArrayInputStream(wire)).message());
    }

    @Test
    void givesSharedMemoryBackOnceAllPayloadsAreClosed() {
        var released = new AtomicInteger();
        var lease = new SharedLease(released::incrementAndGet, 2);
        var one = new ReceivedPayload(ByteBuffer.allocate(1), lease);
        var two = new ReceivedPayload(ByteBuffer.allocate(1), lease);
        one.close();
        one.close();
        assertEquals(0, released.get());
        two.close();
        assertEquals(1, released.get());
    }

    @Test
    void garbledMessagesAreRefusedAndNothingElseHappens() {
        for (var seed = 0; seed < 5_000; seed++) {
            var random = new Random(seed);
            var wire = ProduceRequest.newBuilder()
                    .setAppend(ProduceAppend.newBuilder()
                            .setTopic("orders")
                            .setBatch(ByteString.copyFrom(randomBytes(64).array())))
                    .build()
                    .toByteArray();
            for (var flips = 1 + random.nextInt(8); flips > 0; flips--) {
                wire[random.nextInt(wire.length)] = (byte) random.nextInt();
            }
            try (var framed = dataPlane.produce().parseRequest(new ByteArrayInputStream(wire))) {
                assertTrue(framed.payload().length() <= wire.length, "seed " + seed);
            } catch (StatusRuntimeException refused) {
                assertTrue(String.valueOf(refused.getMessage()).contains("not valid protobuf"), "seed " + seed);
            }
        }
    }

    @Test
    void aPayloadGivenTwiceIsRefused() throws IOException {
        var once = AppendRequest.newBuilder()
                .setBatch(ByteString.copyFromUtf8("x"))
                .build()
                .toByteArray();
        var twice = new ByteArrayOutputStream();
        twice.write(once);
        twice.write(once);
        assertThrows(
                StatusRuntimeException.class,
                () -> dataPlane.append().parseRequest(new ByteArrayInputStream(twice.toByteArray())));
    }

    private static byte[] drain(InputStream stream) throws IOException {
        var bytes = new ByteArrayOutputStream();
        var announced = stream.available();
        assertEquals(announced, ((Drainable) stream).drainTo(bytes));
        assertEquals(announced, bytes.size());
        return bytes.toByteArray();
    }

    private static ByteBuffer randomBytes(int length) {
        var bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }
}
