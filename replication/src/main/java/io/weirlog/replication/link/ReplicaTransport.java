package io.weirlog.replication.link;

import io.weirlog.common.BrokerId;
import java.util.List;

/// Carries streams to other brokers.
public interface ReplicaTransport {
    /// No other broker can be reached.
    ReplicaTransport NONE = (leader, listener) -> {
        listener.ended("this broker has no way to others");
        return new Outbound<>() {
            @Override
            public void send(List<ToLeader> messages) {
                // The listener has been told that there is no stream.
            }

            @Override
            public void close(String why) {
                // It never was open.
            }
        };
    };

    /// Opens a stream to the broker of some leaders. Does not wait for it: if it cannot be had, it ends.
    Outbound<ToLeader> connect(BrokerId leader, Listener listener);

    /// Told of what comes, by one thread at a time, in order.
    interface Listener {
        /// Whoever is told owns the memory of the batches.
        void received(FromLeader message);

        /// Nothing new has come, but the stream lives.
        void heartbeat();

        /// The last call.
        void ended(String why);
    }
}
