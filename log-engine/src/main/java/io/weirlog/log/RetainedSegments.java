package io.weirlog.log;

import java.util.ArrayList;
import java.util.List;

/// The oldest segments of a log as one view has them, kept open for a cleaning.
record RetainedSegments(LogView view, List<Segment> segments) implements AutoCloseable {
    /// None at all if one of them is already gone.
    static RetainedSegments of(LogView view, int count) {
        var retained = new ArrayList<Segment>();
        for (var i = 0; i < count; i++) {
            if (!view.segment(i).retain()) {
                retained.forEach(Segment::release);
                return new RetainedSegments(view, List.of());
            }
            retained.add(view.segment(i));
        }
        return new RetainedSegments(view, List.copyOf(retained));
    }

    boolean isEmpty() {
        return segments.isEmpty();
    }

    @Override
    public void close() {
        segments.forEach(Segment::release);
    }
}
