package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.weirlog.common.Durability;
import io.weirlog.record.TimestampType;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogConfigTest {
    @Test
    void defaultsAreKafkasAndDurable() {
        var config = LogConfig.fromTopicConfig(Map.of());
        assertEquals(LogConfig.defaults(), config);
        assertEquals(1_073_741_824, config.segmentBytes());
        assertEquals(604_800_000, config.segmentMillis());
        assertEquals(10_485_760, config.segmentIndexBytes());
        assertEquals(4096, config.indexIntervalBytes());
        assertEquals(1_048_588, config.messageBytesMax());
        assertEquals(OptionalLong.of(604_800_000), config.retentionMillis());
        assertEquals(OptionalLong.empty(), config.retentionBytes());
        assertEquals(60_000, config.fileDeleteDelayMillis());
        assertEquals(Long.MAX_VALUE, config.timestampBeforeMaxMillis());
        assertEquals(3_600_000, config.timestampAfterMaxMillis());
        assertEquals(true, config.deleting());
        assertEquals(Durability.FSYNC, config.durability());
        assertEquals(TimestampType.CREATE_TIME, config.timestampType());
    }

    @Test
    void everyKeyIsRead() {
        var config = LogConfig.fromTopicConfig(Map.ofEntries(
                Map.entry("segment.bytes", "1000"),
                Map.entry("segment.ms", "2000"),
                Map.entry("segment.index.bytes", "3000"),
                Map.entry("index.interval.bytes", "40"),
                Map.entry("max.message.bytes", "500"),
                Map.entry("retention.ms", "-1"),
                Map.entry("retention.bytes", "700"),
                Map.entry("cleanup.policy", "compact"),
                Map.entry("file.delete.delay.ms", "800"),
                Map.entry("message.timestamp.before.max.ms", "900"),
                Map.entry("message.timestamp.after.max.ms", "1000"),
                Map.entry("durability", "page-cache"),
                Map.entry("message.timestamp.type", "LogAppendTime"),
                Map.entry("min.insync.replicas", "of no concern here")));
        assertEquals(
                LogConfig.builder()
                        .segmentBytes(1000)
                        .segmentMillis(2000)
                        .segmentIndexBytes(3000)
                        .indexIntervalBytes(40)
                        .messageBytesMax(500)
                        .retentionMillis(OptionalLong.empty())
                        .retentionBytes(OptionalLong.of(700))
                        .fileDeleteDelayMillis(800)
                        .timestampBeforeMaxMillis(900)
                        .timestampAfterMaxMillis(1000)
                        .deleting(false)
                        .compacted(true)
                        .durability(Durability.PAGE_CACHE)
                        .timestampType(TimestampType.LOG_APPEND_TIME)
                        .build(),
                config);
    }

    @ParameterizedTest
    @CsvSource({
        "segment.bytes,many",
        "segment.bytes,2147483648",
        "segment.ms,0",
        "max.message.bytes,-1",
        "retention.ms,-2",
        "durability,sometimes",
        "message.timestamp.type,createtime"
    })
    void aWrongValueIsNamedWithItsKey(String key, String value) {
        var e = assertThrows(IllegalArgumentException.class, () -> LogConfig.fromTopicConfig(Map.of(key, value)));
        assertEquals("'" + value + "' is not a value for " + key, e.getMessage());
    }
}
