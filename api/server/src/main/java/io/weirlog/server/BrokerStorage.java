package io.weirlog.server;

import io.micrometer.core.instrument.MeterRegistry;
import io.weirlog.common.BrokerEpoch;
import io.weirlog.log.FileStorage;
import io.weirlog.replication.DataDirectory;
import io.weirlog.replication.Partitions;
import io.weirlog.replication.PartitionsConfig;
import io.weirlog.replication.ReplicationClock;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.server.internal.NodeIdentity;
import io.weirlog.server.replication.GrpcReplicaTransport;
import io.weirlog.server.replication.MetadataIsrController;
import io.weirlog.wire.BufferSource;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/// What a broker keeps: its data directories, the partitions in them, and how these reach their other replicas.
final class BrokerStorage implements AutoCloseable {
    private static final int SHARD_INBOX_APPENDS_MAX = 16_384;
    private static final Duration RETENTION_INTERVAL = Duration.ofMinutes(1);

    private final Parts parts = new Parts();
    private final DataFolders folders;
    private final MetadataIsrController isrController;
    private final DiskReserve reserve;
    private final BufferSource buffers = new PooledBuffers();
    private final Partitions partitions;

    BrokerStorage(NodeConfig config, NodeIdentity identity, NodeMetadata metadata, MeterRegistry registry)
            throws NodeStartException {
        var logs = config.logs();
        try {
            folders = parts.opened(DataFolders.open(logs.directories(), config.dataDir(), identity));
            isrController = parts.opened(new MetadataIsrController(config.nodeId(), metadata.client()));
            reserve = parts.opened(new DiskReserve(
                    folders.directories().stream().map(DataDirectory::path).toList(),
                    logs.diskReserveBytes(),
                    registry,
                    DiskReserve.DISKS));
            var transport = parts.opened(new GrpcReplicaTransport(
                    identity,
                    metadata.tls(),
                    metadata::internalAddress,
                    config.limits().maxRequestBytes() + NodeBroker.ENVELOPE_BYTES,
                    buffers));
            partitions = parts.opened(new Partitions(
                    config.nodeId(),
                    new FileStorage(),
                    new PartitionsConfig(
                            folders.directories(),
                            config.limits().shards(),
                            SHARD_INBOX_APPENDS_MAX,
                            logs.sync(),
                            logs.recoveryThreads(),
                            RETENTION_INTERVAL,
                            logs.watermarkCheckpointInterval(),
                            logs.replicaLagMax(),
                            config.shutdownGrace(),
                            logs.cleaner(),
                            logs.reassignmentBytesPerSecond(),
                            reserve),
                    ReplicationClock.SYSTEM,
                    transport,
                    isrController));
        } catch (IOException e) {
            parts.close();
            throw new NodeStartException("cannot use the data directories: " + e.getMessage(), e);
        } catch (NodeStartException | RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    Partitions partitions() {
        return partitions;
    }

    /// The ids of the data directories that can be used.
    List<UUID> directoryIds() {
        return folders.ids();
    }

    DiskReserve reserve() {
        return reserve;
    }

    /// What batches are read into and written from.
    BufferSource buffers() {
        return buffers;
    }

    /// Changes of in-sync sets are proposed under the epoch that this life of the broker was given.
    void registered(BrokerEpoch epoch) {
        isrController.registered(epoch);
    }

    @Override
    public void close() {
        parts.close();
    }
}
