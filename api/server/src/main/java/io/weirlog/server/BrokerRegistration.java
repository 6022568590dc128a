package io.weirlog.server;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.FeatureRange;
import io.weirlog.metadata.MetadataClient;
import io.weirlog.metadata.MetadataUnavailableException;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RejectReason;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.server.config.NodeConfig;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes one life of a broker known to the cluster.
///
/// @param incarnation names this life
/// @param listeners where the broker is reached, by the names of its listeners
/// @param directories the ids of its data directories that can be used
/// @param stopping at 0 once the node stops, which ends the waiting
record BrokerRegistration(
        NodeConfig config,
        MetadataClient client,
        UUID incarnation,
        Map<String, Endpoint> listeners,
        List<UUID> directories,
        CountDownLatch stopping) {
    private static final Logger LOG = LoggerFactory.getLogger(BrokerRegistration.class);
    private static final long RETRY_MILLIS = 100;

    /// Registers. Another process that is in service under the same id keeps its place; one that has just died is out
    /// of service within a session.
    ///
    /// @param cleanlyStopped the epoch of the life before, if that one closed all its partitions
    MetadataReply.BrokerRegistered register(Optional<BrokerEpoch> cleanlyStopped)
            throws NodeStartException, InterruptedException {
        long occupiedMaxNanos =
                TimeUnit.MILLISECONDS.toNanos(2L * config.cluster().liveness().sessionTimeoutMillis() + 2_000);
        long begunNanos = System.nanoTime();
        while (true) {
            switch (propose(cleanlyStopped)) {
                case MetadataReply.BrokerRegistered registered -> {
                    return registered;
                }
                case MetadataReply.Rejected(var reason, var message)
                when reason == RejectReason.BROKER_IN_SERVICE && System.nanoTime() - begunNanos < occupiedMaxNanos ->
                    LOG.info("waiting to register: {}", message);
                case MetadataReply.Rejected(var _, var message) ->
                    throw new NodeStartException("the cluster refuses this broker: " + message);
                case MetadataReply other -> throw new IllegalStateException("an answer to a registration: " + other);
            }
            if (stopping.await(RETRY_MILLIS, TimeUnit.MILLISECONDS)) {
                throw new NodeStartException("the node stops");
            }
        }
    }

    private MetadataReply propose(Optional<BrokerEpoch> cleanlyStopped) throws NodeStartException {
        while (true) {
            var command = new MetadataCommand.RegisterBroker(
                    new RequestId(UUID.randomUUID()),
                    config.nodeId(),
                    incarnation,
                    config.cluster().rack(),
                    listeners,
                    true,
                    cleanlyStopped,
                    directories,
                    FeatureRange.SUPPORTED);
            try {
                return client.propose(command).join();
            } catch (CompletionException e) {
                if (!(e.getCause() instanceof MetadataUnavailableException unavailable) || !config.joinsOthers()) {
                    throw new NodeStartException("the broker could not register: " + e.getCause(), e);
                }
                LOG.warn("waiting to register: {}", unavailable.getMessage());
            }
        }
    }
}
