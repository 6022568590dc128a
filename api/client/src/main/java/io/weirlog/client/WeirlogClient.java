package io.weirlog.client;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// A client of one cluster: the connections that its producers, consumers and admin share. Thread-safe.
///
/// Nothing is connected until it is needed, so a broker that cannot be reached shows with the first request.
public final class WeirlogClient implements AutoCloseable {
    private final Connections connections;
    private final UnaryCalls calls;
    private final MetadataCache metadata;
    private final Admin admin;
    private final Controllers controllers;
    private final Reassignments reassignments;
    private final Groups groups;
    private final Set<Producer> producers = ConcurrentHashMap.newKeySet();
    private final Set<Consumer> consumers = ConcurrentHashMap.newKeySet();
    private final Set<GroupProcessor> processors = ConcurrentHashMap.newKeySet();

    private WeirlogClient(ClientConfig config) {
        connections = new Connections(config);
        calls = new UnaryCalls(connections);
        metadata = new MetadataCache(calls);
        admin = new Admin(calls, metadata);
        controllers = new Controllers(calls);
        reassignments = new Reassignments(calls, metadata);
        groups = new Groups(calls);
    }

    /// A client with default settings for the cluster of these brokers, each `host:port`; one that runs is enough.
    public static WeirlogClient connect(String... addresses) {
        return builder().bootstrap(addresses).build();
    }

    public static Builder builder() {
        return new Builder();
    }

    public Admin admin() {
        return admin;
    }

    /// The nodes that keep the metadata.
    public Controllers controllers() {
        return controllers;
    }

    /// Moves of partitions to other brokers.
    public Reassignments reassignments() {
        return reassignments;
    }

    /// Consumer groups, for those who look after them.
    public Groups groups() {
        return groups;
    }

    /// A producer with the default options.
    public Producer producer() {
        return producer(ProducerOptions.defaults());
    }

    public Producer producer(ProducerOptions options) {
        var producer = new StreamProducer(options, metadata, connections, producers::remove);
        producers.add(producer);
        return producer;
    }

    public Consumer consumer(ConsumerOptions options) {
        var consumer = new RoutedConsumer(options, admin, connections, consumers::remove);
        consumers.add(consumer);
        return consumer;
    }

    /// A member of a group, which joins with its first poll.
    public GroupConsumer groupConsumer(GroupOptions options) {
        var consumer = new StreamGroupConsumer(options, admin, calls, consumers::remove);
        consumers.add(consumer);
        return consumer;
    }

    /// A member of a group that calls `handler` with its records, on a thread of its own, until it is closed.
    public GroupProcessor process(GroupOptions options, RecordsHandler handler) {
        var consumer = new StreamGroupConsumer(options, admin, calls, consumers::remove);
        var processor = new GroupProcessor(options.groupId(), consumer, handler, processors::remove);
        processors.add(processor);
        processor.start();
        return processor;
    }

    /// Closes the producers and consumers of this client, as their own `close()` does, and the connections.
    @Override
    public void close() {
        List.copyOf(producers).forEach(Producer::close);
        List.copyOf(processors).forEach(GroupProcessor::close);
        List.copyOf(consumers).forEach(Consumer::close);
        connections.close();
    }

    /// Collects a client's settings.
    public static final class Builder {
        private static final int MESSAGE_BYTES_MIN = 64 * 1024;

        private final Set<Address> bootstrap = new LinkedHashSet<>();
        private String clientId = "weirlog-java";
        private Duration requestTimeout = Duration.ofSeconds(30);
        private int maxMessageBytes = 64 * 1024 * 1024;
        private Optional<TlsOptions> tls = Optional.empty();

        private Builder() {}

        /// Brokers to ask first, each `host:port`.
        ///
        /// @throws IllegalArgumentException if one is no address
        public Builder bootstrap(String... addresses) {
            return bootstrap(Arrays.asList(addresses));
        }

        /// Brokers to ask first, each `host:port`.
        ///
        /// @throws IllegalArgumentException if one is no address
        public Builder bootstrap(Collection<String> addresses) {
            addresses.forEach(address -> bootstrap.add(Address.parse(address)));
            return this;
        }

        /// A name for the broker's logs and quotas.
        public Builder clientId(String clientId) {
            this.clientId = clientId;
            return this;
        }

        /// How long one request may take, and how long a consumer goes on trying to reach a broker; default 30 s.
        public Builder requestTimeout(Duration timeout) {
            this.requestTimeout = Checks.positive("requestTimeout", timeout);
            return this;
        }

        /// The largest message taken from a broker; default 64 MiB. It must be larger than the largest batch.
        public Builder maxMessageBytes(int bytes) {
            this.maxMessageBytes = (int) Checks.atLeast("maxMessageBytes", bytes, MESSAGE_BYTES_MIN);
            return this;
        }

        /// Speaks TLS, and nothing else; by default nothing is secured.
        public Builder tls(TlsOptions options) {
            this.tls = Optional.of(options);
            return this;
        }

        /// @throws IllegalArgumentException if no broker was named, or a file for TLS cannot be used
        public WeirlogClient build() {
            if (bootstrap.isEmpty()) {
                throw new IllegalArgumentException("name at least one broker, such as 127.0.0.1:7171");
            }
            return new WeirlogClient(new ClientConfig(
                    List.copyOf(bootstrap), clientId, requestTimeout, maxMessageBytes, tls.map(SecureChannels::new)));
        }
    }
}
