package io.weirlog.wire;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import com.google.protobuf.WireFormat;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A message on its way out: small protobuf heads, each followed by the payload that it announces. gRPC drains it
/// straight into its transport buffers.
final class FramedEncoder extends InputStream implements Drainable, KnownLength {
    private final List<byte[]> heads = new ArrayList<>(2);
    private final List<Payload> payloads = new ArrayList<>(2);
    private final Framed<?> owner;
    private int remaining;
    private @Nullable InputStream pulled;

    <M extends MessageLite> FramedEncoder(Framed<M> framed, FramedLayout<M> layout) throws IOException {
        owner = framed;
        var payloadsOfMessage = framed.payloads();
        if (layout.isFlat()) {
            add(head(framed.message(), 0, layout.payloadField(), framed.payload()), framed.payload());
        } else if (payloadsOfMessage.isEmpty()) {
            add(framed.message().toByteArray(), Payload.NONE);
        } else {
            var parts = layout.parts().apply(framed.message());
            if (parts.size() != payloadsOfMessage.size()) {
                throw new IllegalArgumentException(parts.size() + " parts, " + payloadsOfMessage.size() + " payloads");
            }
            for (var i = 0; i < parts.size(); i++) {
                var payload = payloadsOfMessage.get(i);
                add(head(parts.get(i), layout.partField(), layout.payloadField(), payload), payload);
            }
        }
    }

    private void add(byte[] head, Payload payload) {
        heads.add(head);
        payloads.add(payload);
        remaining = Math.addExact(remaining, Math.addExact(head.length, payload.length()));
    }

    /// Everything of a part but the payload's own bytes.
    private static byte[] head(MessageLite part, int partField, int payloadField, Payload payload) throws IOException {
        var partBytes = part.getSerializedSize();
        var announceBytes = payload.isEmpty()
                ? 0
                : CodedOutputStream.computeTagSize(payloadField)
                        + CodedOutputStream.computeUInt32SizeNoTag(payload.length());
        var innerBytes = partBytes + announceBytes + payload.length();
        var wrapBytes = partField == 0
                ? 0
                : CodedOutputStream.computeTagSize(partField) + CodedOutputStream.computeUInt32SizeNoTag(innerBytes);
        var head = new byte[wrapBytes + partBytes + announceBytes];
        var out = CodedOutputStream.newInstance(head);
        if (partField != 0) {
            out.writeTag(partField, WireFormat.WIRETYPE_LENGTH_DELIMITED);
            out.writeUInt32NoTag(innerBytes);
        }
        part.writeTo(out);
        if (!payload.isEmpty()) {
            out.writeTag(payloadField, WireFormat.WIRETYPE_LENGTH_DELIMITED);
            out.writeUInt32NoTag(payload.length());
        }
        out.checkNoSpaceLeft();
        return head;
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
        if (pulled != null) {
            var drained = (int) pulled.transferTo(target);
            remaining -= drained;
            return drained;
        }
        var drained = remaining;
        for (var i = 0; i < heads.size(); i++) {
            target.write(heads.get(i));
            if (!payloads.get(i).isEmpty()) {
                payloads.get(i).writeTo(target);
            }
        }
        remaining = 0;
        return drained;
    }

    @Override
    public int available() {
        return remaining;
    }

    @Override
    public int read() throws IOException {
        var value = pull().read();
        remaining -= value < 0 ? 0 : 1;
        return value;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        var count = pull().read(target, offset, length);
        remaining -= Math.max(count, 0);
        return count;
    }

    /// For transports that read instead of draining, as message compression does: one copy.
    private InputStream pull() throws IOException {
        if (pulled == null) {
            var bytes = new ByteArrayOutputStream(remaining);
            var total = drainTo(bytes);
            remaining = total;
            pulled = new ByteArrayInputStream(bytes.toByteArray());
        }
        return pulled;
    }

    @Override
    public void close() {
        owner.close();
    }
}
