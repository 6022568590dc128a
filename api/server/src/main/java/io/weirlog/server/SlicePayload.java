package io.weirlog.server;

import io.weirlog.log.LogSlice;
import io.weirlog.wire.Payload;
import java.io.IOException;
import java.io.OutputStream;

/// A slice of a log on its way to a reader: the transport drains it straight from the file.
public record SlicePayload(LogSlice slice) implements Payload {
    @Override
    public int length() {
        return slice.length();
    }

    @Override
    public void writeTo(OutputStream out) throws IOException {
        slice.writeTo(out);
    }

    @Override
    public void close() {
        slice.close();
    }
}
