package io.weirlog.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/// Stands between clients and a server, and loses what it passes on when told to.
public final class LossyProxy implements AutoCloseable {
    private static final int BUFFER_BYTES = 16 * 1024;

    private final ServerSocket listener;
    private final InetSocketAddress server;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicLong lostBytes = new AtomicLong();
    private volatile boolean losing;
    private volatile int accepted;
    private volatile int deaf;

    /// @param clients where they connect to
    public LossyProxy(InetSocketAddress clients, InetSocketAddress server) throws IOException {
        this.server = server;
        this.listener = new ServerSocket();
        listener.bind(clients);
        Thread.ofVirtual().start(this::accept);
    }

    /// From now on nothing that the server says gets through, until [#cut]: what clients ask for is done, and they do
    /// not hear of it.
    public void loseAnswers() {
        losing = true;
    }

    /// From now on nothing gets through the connections that are open, either way, and none of them breaks. New ones
    /// lose
    /// nothing. So it is when a server moves to another address, and nobody has the former one.
    public void deafen() {
        deaf = accepted;
    }

    public long lostBytes() {
        return lostBytes.get();
    }

    /// Breaks all connections; new ones lose nothing.
    public void cut() {
        open.forEach(LossyProxy::close);
        losing = false;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                var client = listener.accept();
                var number = accepted + 1;
                accepted = number;
                var to = new Socket();
                open.add(client);
                open.add(to);
                to.connect(server);
                Thread.ofVirtual().start(() -> pump(client, to, number, false));
                Thread.ofVirtual().start(() -> pump(to, client, number, true));
            } catch (IOException e) {
                // This is closed, or the server is: its clients find out.
                open.forEach(LossyProxy::close);
            }
        }
    }

    private void pump(Socket from, Socket to, int number, boolean answers) {
        var buffer = new byte[BUFFER_BYTES];
        var losesRest = false;
        try (from;
                to;
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            for (var count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                // A stream with a hole in it would be no stream.
                losesRest |= (answers && losing) || number <= deaf;
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
