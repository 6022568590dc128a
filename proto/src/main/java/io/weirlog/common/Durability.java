package io.weirlog.common;

import java.util.Optional;

/// What a replica promises of a record before it counts towards the high watermark; a topic's `durability`.
public enum Durability {
    /// On stable storage: it survives the loss of power on every node at once.
    FSYNC("fsync"),
    /// In the operating system's page cache: it survives the process, not the machine.
    PAGE_CACHE("page-cache");

    private final String configValue;

    Durability(String configValue) {
        this.configValue = configValue;
    }

    /// The spelling in topic configs.
    public String configValue() {
        return configValue;
    }

    public static Optional<Durability> fromConfig(String value) {
        for (var durability : values()) {
            if (durability.configValue.equals(value)) {
                return Optional.of(durability);
            }
        }
        return Optional.empty();
    }
}
