package io.weirlog.client;

/// Where a group goes on in a partition.
///
/// @param nextOffset one past the last record dealt with
/// @param note kept with the offset, at most 4,096 bytes; empty for none
public record GroupPosition(long nextOffset, String note) {
    public GroupPosition {
        Checks.atLeast("nextOffset", nextOffset, 0);
    }

    /// Without a note.
    public static GroupPosition of(long nextOffset) {
        return new GroupPosition(nextOffset, "");
    }

    /// Behind this record.
    public static GroupPosition after(ConsumerRecord record) {
        return of(record.offset() + 1);
    }

    public GroupPosition withNote(String note) {
        return new GroupPosition(nextOffset, note);
    }
}
