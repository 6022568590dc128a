package io.weirlog.bench.groups;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;

/// Makes members of consumer groups of one topic.
interface Members extends AutoCloseable {
    /// How a member joins.
    ///
    /// @param instance of a static member; empty for one that is not
    record Joining(String group, String instance, String topic, Duration session) {}

    /// A member that reads from the ends of its partitions on.
    interface Member extends AutoCloseable {
        /// Stops without leaving the group if it is static; else it leaves.
        @Override
        void close();
    }

    /// What a member is told. Calls may come from any thread, of one member one after the other.
    interface Listener {
        void assigned(Collection<Integer> partitions);

        void lost(Collection<Integer> partitions);

        /// @param stampNanos what the record says
        void received(int partition, long stampNanos);

        void failed(String why);
    }

    Member join(Joining joining, Listener listener);

    @Override
    void close();

    static byte[] stamp(long nanos) {
        return ByteBuffer.allocate(Long.BYTES).putLong(nanos).array();
    }

    static long stamp(ByteBuffer value) {
        return value.getLong();
    }

    /// @param name `kafka` or another
    /// @param addresses where the cluster is reached
    static Members of(String name, String addresses) {
        return name.equals(Groups.KAFKA) ? new KafkaMembers(addresses) : new WeirlogMembers(addresses);
    }
}
