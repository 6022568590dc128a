package io.weirlog.log;

import io.weirlog.record.BatchFormat;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// Stamps a batch whose header has been copied away from its records.
final class HeaderStamp {
    private HeaderStamp() {}

    /// Gives the header at `at` the time of its append and the CRC that goes with it.
    ///
    /// @param batch the whole batch, whose records count into the CRC
    static void logAppendTime(ByteBuffer headers, int at, ByteBuffer batch, long nowMillis) {
        var attributes = headers.getShort(at + BatchFormat.ATTRIBUTES_AT);
        headers.putShort(at + BatchFormat.ATTRIBUTES_AT, (short) (attributes | BatchFormat.LOG_APPEND_TIME_BIT));
        headers.putLong(at + BatchFormat.MAX_TIMESTAMP_AT, nowMillis);
        var crc = new CRC32C();
        crc.update(headers.slice(at + BatchFormat.ATTRIBUTES_AT, BatchFormat.HEADER_BYTES - BatchFormat.ATTRIBUTES_AT));
        crc.update(
                batch.slice(batch.position() + BatchFormat.HEADER_BYTES, batch.remaining() - BatchFormat.HEADER_BYTES));
        headers.putInt(at + BatchFormat.CRC_AT, (int) crc.getValue());
    }
}
