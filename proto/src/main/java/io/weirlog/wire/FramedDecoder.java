package io.weirlog.wire;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import com.google.protobuf.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Splits a received message, in one piece of memory, into its protobuf part and its payloads, which stay where they
/// are.
final class FramedDecoder<M extends MessageLite> {
    private final FramedLayout<M> layout;
    private final ByteBuffer input;
    private final List<ByteBuffer> payloads = new ArrayList<>(1);

    FramedDecoder(FramedLayout<M> layout, ByteBuffer input) {
        this.layout = layout;
        this.input = input;
    }

    /// The payload bytes found by [#decode], in order; with the nested layout one for each part, empty where it has
    /// none.
    List<ByteBuffer> payloads() {
        return payloads;
    }

    M decode() throws IOException {
        var rest = layout.isFlat() ? splitPart(input.position(), input.limit()) : splitParts();
        return layout.parser().parseFrom(rest);
    }

    private byte[] splitParts() throws IOException {
        var rest = new ByteArrayOutputStream(128);
        var out = CodedOutputStream.newInstance(rest);
        var at = new Cursor(input, input.position(), input.limit());
        while (!at.atEnd()) {
            var start = at.position;
            var tag = at.readVarint32();
            if (tag == lengthDelimited(layout.partField())) {
                var length = at.readLength();
                var part = splitPart(at.position, at.position + length);
                at.position += length;
                out.writeByteArray(layout.partField(), part);
            } else {
                at.skipField(tag);
                out.writeRawBytes(slice(start, at.position));
            }
        }
        out.flush();
        return rest.toByteArray();
    }

    /// Takes the payload out of the fields in `[start, end)` and returns the bytes of the others.
    private byte[] splitPart(int start, int end) throws IOException {
        var payload = ByteBuffer.allocate(0);
        var payloadStart = end;
        var payloadEnd = end;
        var at = new Cursor(input, start, end);
        while (!at.atEnd()) {
            var fieldStart = at.position;
            var tag = at.readVarint32();
            if (tag == lengthDelimited(layout.payloadField())) {
                if (payloadStart != end) {
                    throw new IOException("a message carries its payload twice");
                }
                var length = at.readLength();
                payload = slice(at.position, at.position + length);
                at.position += length;
                payloadStart = fieldStart;
                payloadEnd = at.position;
            } else {
                at.skipField(tag);
            }
        }
        payloads.add(payload);
        var rest = new byte[payloadStart - start + end - payloadEnd];
        input.get(start, rest, 0, payloadStart - start);
        input.get(payloadEnd, rest, payloadStart - start, end - payloadEnd);
        return rest;
    }

    private ByteBuffer slice(int start, int end) {
        return input.slice(start, end - start);
    }

    private static int lengthDelimited(int field) {
        return field << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
    }

    /// Reads tags and lengths by absolute position and never beyond its end.
    private static final class Cursor {
        private final ByteBuffer input;
        private final int end;
        private int position;

        Cursor(ByteBuffer input, int start, int end) {
            this.input = input;
            this.position = start;
            this.end = end;
        }

        boolean atEnd() {
            return position >= end;
        }

        int readVarint32() throws IOException {
            var value = readVarint64();
            if (value < 0 || value > Integer.MAX_VALUE) {
                throw new IOException("a field tag or length is out of range");
            }
            return (int) value;
        }

        int readLength() throws IOException {
            var length = readVarint32();
            if (length > end - position) {
                throw new IOException("a field is longer than its message");
            }
            return length;
        }

        void skipField(int tag) throws IOException {
            switch (tag & 7) {
                case WireFormat.WIRETYPE_VARINT -> readVarint64();
                case WireFormat.WIRETYPE_FIXED64 -> skip(8);
                case WireFormat.WIRETYPE_LENGTH_DELIMITED -> skip(readLength());
                case WireFormat.WIRETYPE_FIXED32 -> skip(4);
                default -> throw new IOException("unknown wire type " + (tag & 7));
            }
        }

        private void skip(int bytes) throws IOException {
            if (bytes > end - position) {
                throw new IOException("a field is longer than its message");
            }
            position += bytes;
        }

        private long readVarint64() throws IOException {
            var value = 0L;
            for (var shift = 0; shift < 64; shift += 7) {
                if (position >= end) {
                    throw new IOException("a message ends within a field");
                }
                var next = input.get(position++);
                value |= (long) (next & 0x7f) << shift;
                if (next >= 0) {
                    return value;
                }
            }
            throw new IOException("a varint is too long");
        }
    }
}
