package io.weirlog.testing;

import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/// Ports for what a test starts later. They lie below those that a system gives to outgoing connections: of these, any
/// could be in use by a connection before it is bound.
public final class FreePorts {
    private static final int FIRST = 12_000;
    private static final int LAST = 31_999;

    private static final Set<Integer> TAKEN = new HashSet<>();

    private FreePorts() {}

    /// A port that is free on all addresses, and was not given before in this process.
    public static int next() {
        synchronized (TAKEN) {
            int count = LAST - FIRST + 1;
            int start = ThreadLocalRandom.current().nextInt(count);
            for (int i = 0; i < count; i++) {
                int port = FIRST + (start + i) % count;
                if (!TAKEN.contains(port) && isFree(port)) {
                    TAKEN.add(port);
                    return port;
                }
            }
        }
        throw new IllegalStateException("no port from " + FIRST + " to " + LAST + " is free");
    }

    public static List<Integer> next(int count) {
        return IntStream.range(0, count).mapToObj(_ -> next()).toList();
    }

    private static boolean isFree(int port) {
        try (var probe = new ServerSocket(port)) {
            return probe.isBound();
        } catch (BindException inUse) {
            return false;
        } catch (IOException e) {
            throw new IllegalStateException("cannot try port " + port, e);
        }
    }
}
