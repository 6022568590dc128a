package io.weirlog.client;

import io.weirlog.common.Durability;
import io.weirlog.v1.Appended;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/// What all records of an acknowledged batch have in common.
record BatchReceipt(PartitionRef partition, Appended appended) {
    OptionalLong baseOffset() {
        return appended.hasBaseOffset() ? OptionalLong.of(appended.getBaseOffset()) : OptionalLong.empty();
    }

    int leaderEpoch() {
        return appended.getLeaderEpoch();
    }

    Instant appendTime() {
        var time = appended.getAppendTime();
        return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
    }

    int acknowledgedBy() {
        return appended.getAcknowledgedBy();
    }

    Optional<Durability> durability() {
        return switch (appended.getDurability()) {
            case DURABILITY_FSYNC -> Optional.of(Durability.FSYNC);
            case DURABILITY_PAGE_CACHE -> Optional.of(Durability.PAGE_CACHE);
            case DURABILITY_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
        };
    }
}
