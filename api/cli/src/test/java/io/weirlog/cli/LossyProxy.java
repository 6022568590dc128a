package io.weirlog.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/// Stands between clients and a broker, and loses the broker's answers when told to: what clients ask for is done, and
/// they do not hear of it.
final class LossyProxy implements AutoCloseable {
    private static final int BUFFER_BYTES = 16 * 1024;

    private final ServerSocket listener;
    private final InetSocketAddress broker;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicLong lostBytes = new AtomicLong();
    private volatile boolean losing;

    LossyProxy(InetSocketAddress clients, InetSocketAddress broker) throws IOException {
        this.broker = broker;
        this.listener = new ServerSocket();
        listener.bind(clients);
        Thread.ofVirtual().start(this::accept);
    }

    /// From now on nothing that the broker says gets through, until [#cut].
    void loseAnswers() {
        losing = true;
    }

    long lostBytes() {
        return lostBytes.get();
    }

    /// Breaks all connections; new ones lose nothing.
    void cut() {
        open.forEach(LossyProxy::close);
        losing = false;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                var client = listener.accept();
                var server = new Socket();
                open.add(client);
                open.add(server);
                server.connect(broker);
                Thread.ofVirtual().start(() -> pump(client, server, false));
                Thread.ofVirtual().start(() -> pump(server, client, true));
            } catch (IOException e) {
                // This is closed, or the broker is: its clients find out.
                open.forEach(LossyProxy::close);
            }
        }
    }

    private void pump(Socket from, Socket to, boolean answers) {
        var buffer = new byte[BUFFER_BYTES];
        var losesRest = false;
        try (from;
                to;
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            for (var count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                // A stream with a hole in it would be no stream.
                losesRest |= answers && losing;
                if (losesRest) {
                    lostBytes.addAndGet(count);
                } else {
                    out.write(buffer, 0, count);
                }
            }
        } catch (IOException e) {
            // One side is gone, and the other is about to hear of it.
            return;
        } finally {
            open.remove(from);
            open.remove(to);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        cut();
    }
}
