package io.weirlog.common;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyHashTest {
    /// The values that Kafka's clients compute.
    @ParameterizedTest
    @CsvSource({
        "21, -973932308",
        "foobar, -790332482",
        "a-little-bit-long-string, -985981536",
        "a-little-bit-longer-string, -1486304829",
        "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8, -58897971",
        "abc, 479470107"
    })
    void hashesAsKafkaDoes(String key, int hash) {
        assertEquals(hash, KeyHash.murmur2(key.getBytes(UTF_8)));
    }

    @Test
    void hashesNothing() {
        assertEquals(275646681, KeyHash.murmur2(new byte[0]));
    }

    @ParameterizedTest
    @CsvSource({"foobar, 10, 6", "21, 7, 3", "abc, 1, 0", "a-little-bit-long-string, 3, 2"})
    void choosesAPartition(String key, int partitions, int expected) {
        assertEquals(expected, KeyHash.partition(key.getBytes(UTF_8), partitions));
    }
}
