package io.weirlog.replication.link;

import java.util.List;

/// This broker's half of a stream. Used by one thread at a time. What is sent after the stream has ended is dropped.
public interface Outbound<M> {
    /// Sends messages in this order; those that say the same of several partitions may travel together.
    void send(List<M> messages);

    /// Ends the stream; the other broker is told why.
    void close(String why);
}
