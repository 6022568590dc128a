package io.weirlog.server.group.core;

import java.util.List;

/// A batch in the log of `__offsets`: itself only, so that copies of logs can be compared.
final class SimBatch {
    private final int epoch;
    private final List<GroupRecord> records;

    SimBatch(int epoch, List<GroupRecord> records) {
        this.epoch = epoch;
        this.records = records;
    }

    int epoch() {
        return epoch;
    }

    List<GroupRecord> records() {
        return records;
    }
}
