package io.weirlog.record;

/// A batch unpacks to more bytes than its reader allows. Nothing beyond that bound was allocated.
public final class DecompressedTooLargeException extends MalformedBatchException {
    private static final long serialVersionUID = 1;

    private final int bytesMax;

    public DecompressedTooLargeException(int bytesMax) {
        super("the batch unpacks to more than the allowed " + bytesMax + " bytes");
        this.bytesMax = bytesMax;
    }

    public int bytesMax() {
        return bytesMax;
    }
}
