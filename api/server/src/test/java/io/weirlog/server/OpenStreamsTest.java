package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpenStreamsTest {
    private static final Duration GRACE = Duration.ofSeconds(3);

    private static final class Stream implements OpenStreams.OpenStream {
        final List<Duration> drained = new ArrayList<>();

        @Override
        public void heartbeat() {}

        @Override
        public void drain(Duration grace) {
            drained.add(grace);
        }
    }

    @Test
    void aStreamIsToldOfTheStopWheneverItWasOpened() {
        try (var streams = new OpenStreams()) {
            var before = new Stream();
            var over = new Stream();
            streams.opened(before);
            streams.opened(over);
            streams.closed(over);
            assertEquals(List.of(), before.drained);
            streams.drain(GRACE);
            assertEquals(List.of(GRACE), before.drained);
            assertEquals(List.of(), over.drained);
            var after = new Stream();
            streams.opened(after);
            assertEquals(List.of(GRACE), after.drained);
        }
    }
}
