package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PartsTest {
    private final List<String> closed = new ArrayList<>();
    private final Parts parts = new Parts();

    @Test
    void whatWasOpenedLastIsClosedFirst() {
        part("first");
        part("second");
        parts.close();
        parts.close();
        assertEquals(List.of("second", "first"), closed);
    }

    @Test
    void onePartThatCannotBeClosedDoesNotKeepTheOthersOpen() {
        part("first");
        parts.opened(() -> {
            throw new IOException("cannot be closed");
        });
        part("third");
        parts.close();
        assertEquals(List.of("third", "first"), closed);
    }

    @Test
    void whatIsOpenedTooLateIsClosedAtOnce() {
        parts.close();
        part("late");
        assertEquals(List.of("late"), closed);
    }

    private void part(String name) {
        parts.opened(() -> closed.add(name));
    }
}
