package io.weirlog.replication.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Links between nodes and the streams over them. A message over a cut link is lost, and with it the stream: each end
/// learns of that later, by its keepalive.
final class SimNetwork {
    private static final int CONTROLLER = 0;

    private final SimWorld world;
    private final Random random;
    private final boolean[][] cut;
    private final List<Stream> streams = new ArrayList<>();
    private long slowUntilMicros;

    /// One end of a stream.
    interface End {
        void closed();
    }

    /// A stream from a follower's node to a leader's, in order and without loss as long as it lives.
    final class Stream {
        final int from;
        final int to;
        private final long number;
        private final End[] ends = new End[2];
        private boolean broken;
        private long lastThere;
        private long lastBack;

        private Stream(int from, int to, long number) {
            this.from = from;
            this.to = to;
            this.number = number;
        }

        void attach(End atFrom, End atTo) {
            ends[0] = atFrom;
            ends[1] = atTo;
        }

        boolean isBroken() {
            return broken;
        }

        void there(Runnable delivery) {
            send(from, to, true, delivery);
        }

        void back(Runnable delivery) {
            send(to, from, false, delivery);
        }

        private void send(int source, int target, boolean there, Runnable delivery) {
            if (broken) {
                return;
            }
            var at = Math.max(there ? lastThere : lastBack, world.nowMicros() + delay()) + 1;
            if (there) {
                lastThere = at;
            } else {
                lastBack = at;
            }
            world.after(at - world.nowMicros(), () -> {
                if (broken) {
                    return;
                }
                if (cut[source][target]) {
                    breakStream(100_000 + random.nextInt(400_000));
                } else {
                    delivery.run();
                }
            });
        }

        void breakStream(long noticeMicros) {
            if (broken) {
                return;
            }
            broken = true;
            streams.remove(this);
            world.note("broken", from, to, number);
            for (var end : ends) {
                if (end != null) {
                    world.after(1 + random.nextLong(noticeMicros), end::closed);
                }
            }
        }
    }

    SimNetwork(SimWorld world, int nodes) {
        this.world = world;
        this.random = world.random("network");
        this.cut = new boolean[nodes + 1][nodes + 1];
    }

    long delay() {
        var base = 100 + random.nextInt(400);
        if (random.nextInt(50) == 0) {
            base += random.nextInt(20_000);
        }
        return world.nowMicros() < slowUntilMicros ? base + random.nextInt(200_000) : base;
    }

    void slowFor(long micros) {
        slowUntilMicros = world.nowMicros() + micros;
    }

    boolean isCut(int from, int to) {
        return cut[from][to];
    }

    boolean reachesController(int node) {
        return !cut[node][CONTROLLER] && !cut[CONTROLLER][node];
    }

    void cut(int from, int to, boolean isCut) {
        cut[from][to] = isCut;
    }

    void cutController(int node, boolean isCut) {
        cut[node][CONTROLLER] = isCut;
    }

    void healAll() {
        for (var row : cut) {
            java.util.Arrays.fill(row, false);
        }
        slowUntilMicros = 0;
    }

    /// Empty handed if the link is cut either way.
    Stream connect(int from, int to) {
        var stream = new Stream(from, to, world.events());
        streams.add(stream);
        return stream;
    }

    void resetOne() {
        if (!streams.isEmpty()) {
            streams.get(random.nextInt(streams.size())).breakStream(5_000);
        }
    }

    void nodeGone(int node) {
        for (var stream : List.copyOf(streams)) {
            if (stream.from == node || stream.to == node) {
                stream.breakStream(random.nextInt(4) == 0 ? 500_000 : 5_000);
            }
        }
    }
}
