package io.weirlog.wire;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/// The bytes of record batches beside a protobuf message: a slice of a file or of a buffer, never a protobuf field.
///
/// A payload has one owner, who closes it once. Closing twice is harmless.
public interface Payload extends AutoCloseable {
    /// No bytes: the message's payload field is absent.
    Payload NONE = of(ByteBuffer.allocate(0));

    /// Length in bytes.
    int length();

    /// Writes all bytes in order; may be called again as long as the payload is open.
    void writeTo(OutputStream out) throws IOException;

    @Override
    void close();

    default boolean isEmpty() {
        return length() == 0;
    }

    /// A payload over the remaining bytes of `buffer`, which must not change while the payload is in use.
    static ReceivedPayload of(ByteBuffer buffer) {
        return new ReceivedPayload(buffer, () -> {});
    }
}
