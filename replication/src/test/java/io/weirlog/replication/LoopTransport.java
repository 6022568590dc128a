package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.replication.core.LeaderMessage;
import io.weirlog.replication.link.FollowerStream;
import io.weirlog.replication.link.FollowerStreams;
import io.weirlog.replication.link.FromLeader;
import io.weirlog.replication.link.Outbound;
import io.weirlog.replication.link.ReplicaTransport;
import io.weirlog.replication.link.ToFollower;
import io.weirlog.replication.link.ToLeader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/// Streams between brokers of one process. Each direction of a stream has a thread of its own, so messages keep their
/// order and nothing calls back into its caller.
final class LoopTransport implements ReplicaTransport {
    private final BrokerId self;
    private final Map<BrokerId, FollowerStreams> brokers;
    private final Map<BrokerId, Stream> streams = new ConcurrentHashMap<>();

    /// @param brokers those that can be reached now
    LoopTransport(BrokerId self, Map<BrokerId, FollowerStreams> brokers) {
        this.self = self;
        this.brokers = brokers;
    }

    /// Breaks the stream to a leader's broker.
    void cut(BrokerId leader) {
        var stream = streams.get(leader);
        if (stream != null) {
            stream.end("cut");
        }
    }

    @Override
    public Outbound<ToLeader> connect(BrokerId leader, Listener listener) {
        var broker = brokers.get(leader);
        if (broker == null) {
            listener.ended("unreachable");
            return ReplicaTransport.NONE.connect(leader, new Deaf());
        }
        var stream = new Stream(listener);
        streams.put(leader, stream);
        stream.accepted = broker.accept(self, stream.down);
        return stream.up;
    }

    private static final class Deaf implements Listener {
        @Override
        public void received(FromLeader message) {
            throw new IllegalStateException("nothing comes from nowhere");
        }

        @Override
        public void heartbeat() {
            throw new IllegalStateException("nothing comes from nowhere");
        }

        @Override
        public void ended(String why) {
            // The listener has been told.
        }
    }

    private static final class Stream {
        private final ExecutorService toLeader = thread();
        private final ExecutorService toFollower = thread();
        private final Listener listener;
        private @Nullable FollowerStream accepted;
        private volatile boolean over;

        private final Outbound<ToLeader> up = new Outbound<>() {
            @Override
            public void send(List<ToLeader> messages) {
                toLeader.execute(() -> {
                    if (!over && accepted != null) {
                        messages.forEach(accepted::received);
                    }
                });
            }

            @Override
            public void close(String why) {
                end(why);
            }
        };

        private final Outbound<ToFollower> down = new Outbound<>() {
            @Override
            public void send(List<ToFollower> messages) {
                var received = messages.stream().map(Stream::read).toList();
                toFollower.execute(
                        () -> received.stream().flatMap(Optional::stream).forEach(Stream.this::deliver));
            }

            @Override
            public void close(String why) {
                end(why);
            }
        };

        Stream(Listener listener) {
            this.listener = listener;
        }

        private static ExecutorService thread() {
            return Executors.newSingleThreadExecutor(Thread.ofVirtual().factory());
        }

        private void deliver(FromLeader message) {
            if (!over) {
                listener.received(message);
            }
        }

        private static Optional<FromLeader> read(ToFollower message) {
            return switch (message) {
                case ToFollower.Say(var partition, var said) ->
                    Optional.of(new FromLeader(partition, said, 0, () -> {}));
                case ToFollower.Log(var partition, var session, var slice, var progress) -> {
                    try (slice) {
                        var bytes = ByteBuffer.allocate(slice.length());
                        slice.copyTo(bytes);
                        yield Optional.of(new FromLeader(
                                partition,
                                new LeaderMessage.Batches(session, bytes.flip(), progress),
                                slice.length(),
                                () -> {}));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
                case ToFollower.Heartbeat() -> Optional.empty();
            };
        }

        private void end(String why) {
            if (over) {
                return;
            }
            over = true;
            toFollower.execute(() -> listener.ended(why));
            toLeader.execute(() -> {
                if (accepted != null) {
                    accepted.ended();
                }
            });
        }
    }
}
