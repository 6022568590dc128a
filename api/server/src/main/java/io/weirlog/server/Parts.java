package io.weirlog.server;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What belongs to one owner and is closed with it, in the opposite order of its opening.
final class Parts implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Parts.class);

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private boolean closed;

    /// Returns the part that was given. After [#close] it is closed at once.
    synchronized <T extends AutoCloseable> T opened(T part) {
        if (closed) {
            close(part);
        } else {
            open.push(part);
        }
        return part;
    }

    /// Closes all, also those after one that fails.
    @Override
    public synchronized void close() {
        closed = true;
        while (!open.isEmpty()) {
            close(open.pop());
        }
    }

    private static void close(AutoCloseable part) {
        try {
            part.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            LOG.error("closing {} failed", part.getClass().getSimpleName(), e);
        }
    }
}
