package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.weirlog.v1.Batch;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class PartitionReadingTest {
    private final PartitionReading reading = new PartitionReading(new PartitionRef("t", 0), ByteString.EMPTY, 1, 10);

    private static Batch batch(long nextOffset, long seekId) {
        return Batch.newBuilder().setNextOffset(nextOffset).setSeekId(seekId).build();
    }

    @Test
    void followsRecordsAndGaps() {
        assertTrue(reading.accepts(batch(20, 0)));
        reading.began();
        reading.returned(12, OptionalInt.of(4));
        assertEquals(13, reading.position());
        assertEquals(OptionalInt.of(4), reading.lastLeaderEpoch());
        reading.finished(20);
        assertEquals(20, reading.position());
        assertFalse(reading.accepts(batch(20, 0)), "it has nothing new");
    }

    @Test
    void theEndHoldsUntilSomethingComes() {
        reading.endTold(10);
        assertTrue(reading.isAtEnd());
        reading.began();
        assertFalse(reading.isAtEnd());
    }

    @Test
    void anEndBeyondTheLastRecordIsTheEndToo() {
        reading.endTold(15);
        assertTrue(reading.isAtEnd());
        assertEquals(15, reading.position());
    }

    @Test
    void afterASeekOldWordsDoNotCount() {
        reading.sought(5, 7);
        reading.endTold(10);
        assertFalse(reading.isAtEnd(), "that was said before the seek");
        assertFalse(reading.accepts(batch(20, 0)));
        assertTrue(reading.accepts(batch(20, 7)));
        reading.began();
        reading.finished(20);
        reading.endTold(20);
        assertTrue(reading.isAtEnd());
    }

    @Test
    void aSeekToTheEndIsAtTheEnd() {
        reading.sought(10, 7);
        reading.endTold(10);
        assertTrue(reading.isAtEnd());
    }

    @Test
    void takesNothingWhilePausedAndNothingOldAfterwards() {
        reading.pause();
        assertFalse(reading.accepts(batch(20, 0)));
        reading.resume(3);
        assertFalse(reading.accepts(batch(20, 0)));
        assertTrue(reading.accepts(batch(20, 3)));
    }

    @Test
    void theEndDoesNotSkipWhatWasThrownAway() {
        reading.discarded();
        reading.endTold(20);
        assertFalse(reading.isAtEnd());
        assertEquals(10, reading.position());
        reading.reassigned(2);
        reading.pause();
        reading.endTold(20);
        assertEquals(10, reading.position());
        reading.reassigned(3);
        reading.endTold(20);
        assertEquals(10, reading.position(), "still paused");
    }

    @Test
    void damageStopsItUntilASeek() {
        reading.unreadable();
        assertFalse(reading.accepts(batch(20, 0)));
        reading.endTold(20);
        assertFalse(reading.isAtEnd());
        reading.sought(20, 1);
        assertTrue(reading.accepts(batch(30, 1)));
    }

    @Test
    void anotherStreamGoesOnAtThePosition() {
        reading.sought(12, 9);
        reading.endTold(12);
        reading.reassigned(4);
        assertEquals(4, reading.assignment());
        assertEquals(12, reading.position());
        assertFalse(reading.isAtEnd(), "the new broker has not said so");
        assertTrue(reading.accepts(batch(20, 0)));
    }

    @Test
    void theStartIsUnknownWhileNothingButTroubleCame() {
        assertFalse(reading.isStartUnknown());
        reading.troubled(0);
        assertTrue(reading.isStartUnknown());
        reading.endTold(100);
        assertFalse(reading.isStartUnknown());
        assertEquals(100, reading.position());
        reading.troubled(0);
        assertFalse(reading.isStartUnknown(), "it was found before");
    }

    @Test
    void countsTroubleSinceTheLastGoodWord() {
        assertEquals(0, reading.troubledNanos(5));
        assertEquals(1, reading.troubled(100));
        assertEquals(2, reading.troubled(150));
        assertEquals(60, reading.troubledNanos(160));
        reading.began();
        assertEquals(0, reading.troubledNanos(200));
        assertEquals(1, reading.troubled(300));
        assertEquals(0, reading.troubledNanos(300));
    }
}
