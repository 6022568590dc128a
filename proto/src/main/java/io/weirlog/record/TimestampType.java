package io.weirlog.record;

import java.util.Optional;

/// Whose clock a batch's timestamps come from; a topic's `message.timestamp.type`.
public enum TimestampType {
    CREATE_TIME("CreateTime"),
    LOG_APPEND_TIME("LogAppendTime");

    private final String configValue;

    TimestampType(String configValue) {
        this.configValue = configValue;
    }

    /// The spelling in topic configs.
    public String configValue() {
        return configValue;
    }

    public static Optional<TimestampType> fromConfig(String value) {
        for (var type : values()) {
            if (type.configValue.equals(value)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
