package io.weirlog.record;

import java.io.OutputStream;
import java.util.Arrays;

/// A byte array that grows up to a bound: what [java.io.ByteArrayOutputStream] is, without locks and with access
/// to the array, so that codecs write into it directly.
final class GrowingBytes extends OutputStream {
    private final int sizeMax;
    private byte[] array;
    private int size;

    GrowingBytes(int initialBytes, int sizeMax) {
        this.array = new byte[Math.min(initialBytes, sizeMax)];
        this.sizeMax = sizeMax;
    }

    byte[] array() {
        return array;
    }

    int size() {
        return size;
    }

    int spaceLeft() {
        return sizeMax - size;
    }

    int sizeMax() {
        return sizeMax;
    }

    /// Says that `bytes` more of the array are in use.
    void advance(int bytes) {
        size += bytes;
    }

    void clear() {
        size = 0;
    }

    /// Makes room for `bytes` more after [#size].
    ///
    /// @throws BoundExceededException if that passes the bound
    void reserve(int bytes) {
        if (bytes > spaceLeft()) {
            throw new BoundExceededException();
        }
        var needed = size + bytes;
        if (needed > array.length) {
            var doubled = Math.max(needed, (int) Math.min(sizeMax, 2L * array.length));
            array = Arrays.copyOf(array, doubled);
        }
    }

    @Override
    public void write(int value) {
        reserve(1);
        array[size++] = (byte) value;
    }

    @Override
    public void write(byte[] source, int offset, int length) {
        reserve(length);
        System.arraycopy(source, offset, array, size, length);
        size += length;
    }

    void writeInt(int value) {
        reserve(Integer.BYTES);
        array[size++] = (byte) (value >>> 24);
        array[size++] = (byte) (value >>> 16);
        array[size++] = (byte) (value >>> 8);
        array[size++] = (byte) value;
    }

    void writeIntLittleEndian(int value) {
        writeInt(Integer.reverseBytes(value));
    }

    /// More bytes than the bound allows.
    static final class BoundExceededException extends RuntimeException {
        private static final long serialVersionUID = 1;

        BoundExceededException() {
            super("bound exceeded", null, false, false);
        }
    }
}
