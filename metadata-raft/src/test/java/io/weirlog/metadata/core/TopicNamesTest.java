package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopicNamesTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", "A.b_c-9", "...", "__offsets", "0", "-"})
    void legal(String name) {
        assertTrue(TopicNames.problem(name).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a b", "a/b", "ä", "a\n", "a:b", "a\u0000", "\ud800"})
    void illegal(String name) {
        var problem = TopicNames.problem(name).orElseThrow();
        assertFalse(problem.chars().anyMatch(Character::isISOControl), problem);
    }

    @Test
    void lengthIsBounded() {
        assertTrue(TopicNames.problem("a".repeat(249)).isEmpty());
        assertTrue(TopicNames.problem("a".repeat(250)).isPresent());
    }

    @Test
    void namesThatMetricsCannotTellApartCollide() {
        assertEquals(TopicNames.collisionKey("a.b_c"), TopicNames.collisionKey("a_b.c"));
    }
}
