package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Durability;
import io.weirlog.common.InvariantViolation;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopicConfigsTest {
    @Test
    void everyDefaultIsLegal() {
        var defaults = new TreeMap<String, String>();
        TopicConfigs.keys().forEach((name, key) -> defaults.put(name, key.defaultValue()));
        assertEquals(List.of(), TopicConfigs.problems(defaults));
    }

    @ParameterizedTest
    @CsvSource({
        "retention.ms, -1",
        "retention.ms, 0",
        "retention.bytes, 9223372036854775807",
        "segment.bytes, 2147483647",
        "min.insync.replicas, 2",
        "min.cleanable.dirty.ratio, 0.25",
        "unclean.leader.election.enable, true",
        "cleanup.policy, 'compact,delete'",
        "cleanup.policy, 'delete, compact'",
        "compression.type, zstd",
        "durability, page-cache",
        "message.timestamp.type, LogAppendTime",
    })
    void legal(String name, String value) {
        assertEquals(List.of(), TopicConfigs.problems(Map.of(name, value)));
    }

    @ParameterizedTest
    @CsvSource({
        "retention.ms, -2",
        "retention.ms, 7d",
        "retention.ms, ''",
        "retention.ms, 9223372036854775808",
        "segment.bytes, 0",
        "segment.bytes, 2147483648",
        "min.insync.replicas, 0",
        "min.cleanable.dirty.ratio, 1.5",
        "min.cleanable.dirty.ratio, NaN",
        "min.cleanable.dirty.ratio, half",
        "unclean.leader.election.enable, yes",
        "cleanup.policy, ''",
        "cleanup.policy, 'delete,'",
        "cleanup.policy, 'delete,delete'",
        "compression.type, brotli",
        "durability, none",
        "flush.messages, 0",
        "max.message.bytes, 67108865",
    })
    void illegal(String name, String value) {
        var problems = TopicConfigs.problems(Map.of(name, value));
        assertEquals(1, problems.size());
        assertTrue(problems.getFirst().startsWith(name + ": must "), problems::getFirst);
    }

    @ParameterizedTest
    @CsvSource({"retention.sm, retention.ms", "durabilty, durability", "min.insync.replica, min.insync.replicas"})
    void misspelledNamesGetTheNearestKnown(String name, String meant) {
        assertEquals(
                List.of("unknown config \"" + name + "\", did you mean " + meant + "?"),
                TopicConfigs.problems(Map.of(name, "1")));
    }

    @Test
    void namesLikeNoneGetNoGuess() {
        assertEquals(List.of("unknown config \"colour\""), TopicConfigs.problems(Map.of("colour", "red")));
        assertEquals(1, TopicConfigs.problems(Map.of("x".repeat(100_000), "")).size());
    }

    @Test
    void allProblemsAreToldTogether() {
        var problems = TopicConfigs.problems(Map.of("retention.ms", "x", "segment.ms", "y", "retention.s", "1"));
        assertEquals(3, problems.size(), problems::toString);
    }

    @Test
    void messagesAreSafeToPrint() {
        var problem = TopicConfigs.problems(Map.of("retention.ms", "\u001b[31m" + "9".repeat(10_000)))
                .getFirst();
        assertFalse(problem.chars().anyMatch(Character::isISOControl), problem);
        assertTrue(problem.length() < 200, problem);
    }

    @Test
    void effectiveValuesFallBackToTheDefaults() {
        var configs = TopicConfigs.effective(Map.of("retention.bytes", "4096", "cleanup.policy", "delete, compact"));
        assertEquals(4096, configs.longValue(TopicConfigs.RETENTION_BYTES));
        assertEquals(OptionalLong.of(4096), configs.limit(TopicConfigs.RETENTION_BYTES));
        assertEquals(List.of("delete", "compact"), configs.list(TopicConfigs.CLEANUP_POLICY));
        assertEquals(1 << 30, configs.intValue(TopicConfigs.SEGMENT_BYTES));
        assertEquals(0.5, configs.doubleValue(TopicConfigs.MIN_CLEANABLE_DIRTY_RATIO));
        assertFalse(configs.booleanValue(TopicConfigs.UNCLEAN_LEADER_ELECTION_ENABLE));
        assertEquals(Durability.FSYNC, configs.durability());
        assertEquals(OptionalLong.empty(), TopicConfigs.effective(Map.of()).limit(TopicConfigs.RETENTION_BYTES));

        var entries = configs.entries();
        assertEquals(TopicConfigs.keys().size(), entries.size());
        assertEquals(
                2, entries.stream().filter(EffectiveConfigs.Entry::explicit).count());
        assertThrows(InvariantViolation.class, () -> configs.text("retention"));
    }
}
