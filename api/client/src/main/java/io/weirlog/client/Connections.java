package io.weirlog.client;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// One HTTP/2 connection to each broker that is talked to. Thread-safe.
final class Connections implements AutoCloseable {
    private static final int FLOW_CONTROL_WINDOW_BYTES = 1024 * 1024;
    private static final Duration KEEP_ALIVE_TIME = Duration.ofSeconds(30);
    private static final Duration KEEP_ALIVE_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(5);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);
    /// Enough for another one whenever some fail.
    private static final int BROKERS_MAX = 100;

    private final ClientConfig config;
    private final ConcurrentMap<Address, ManagedChannel> channels = new ConcurrentHashMap<>();
    private final AvoidedAddresses avoided = new AvoidedAddresses();
    private volatile List<Address> brokers;
    private final AtomicInteger preferred = new AtomicInteger();
    private final CountDownLatch closed = new CountDownLatch(1);

    Connections(ClientConfig config) {
        this.config = config;
        this.brokers = config.bootstrap();
    }

    ClientConfig config() {
        return config;
    }

    /// A broker for requests that any broker answers.
    Address any() {
        var known = brokers;
        return known.get(Math.floorMod(preferred.get(), known.size()));
    }

    /// Says that there is a broker: requests that any broker answers may go there once others have failed.
    synchronized void learn(Address address) {
        if (brokers.size() < BROKERS_MAX && !brokers.contains(address)) {
            var more = new ArrayList<>(brokers);
            more.add(address);
            // The one in use stays so, whatever the number of brokers is.
            preferred.set(Math.max(0, brokers.indexOf(any())));
            brokers = List.copyOf(more);
        }
    }

    /// How many brokers [#any] may name.
    int brokerCount() {
        return brokers.size();
    }

    ManagedChannel channel(Address address) {
        if (isClosed()) {
            throw new IllegalStateException("the client is closed");
        }
        return channels.computeIfAbsent(address, this::open);
    }

    private ManagedChannel open(Address address) {
        return config.tls()
                .map(secure -> secure.to(address))
                .orElseGet(() -> NettyChannelBuilder.forAddress(address.host(), address.port())
                        .usePlaintext())
                .userAgent("weirlog-java")
                .maxInboundMessageSize(config.maxMessageBytes())
                .flowControlWindow(FLOW_CONTROL_WINDOW_BYTES)
                .keepAliveTime(KEEP_ALIVE_TIME.toNanos(), TimeUnit.NANOSECONDS)
                .keepAliveTimeout(KEEP_ALIVE_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS)
                .idleTimeout(IDLE_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS)
                // Callbacks only put what came into queues: a thread hop would cost more than they do.
                .directExecutor()
                // Whether a request may be repeated is decided here, and gRPC's own retries would buffer every message.
                .disableRetry()
                .build();
    }

    /// Says that `channel` did not reach its broker, or soon will not: others are asked first, and the next attempt at
    /// this one starts afresh instead of waiting for gRPC's own growing delay. What is under way goes on.
    void unreachable(Address address, ManagedChannel channel) {
        avoid(address);
        if (channels.remove(address, channel)) {
            channel.shutdown();
        }
    }

    /// Says that others should be asked first for a while.
    void avoid(Address address) {
        avoided.failed(address, System.nanoTime());
        lookElsewhere(address);
    }

    /// Says that a broker may hang: what any broker answers is asked of another one.
    void lookElsewhere(Address address) {
        if (address.equals(any())) {
            preferred.incrementAndGet();
        }
    }

    void reached(Address address) {
        avoided.reached(address);
    }

    boolean isWorthTrying(Address address) {
        return avoided.isWorthTrying(address, System.nanoTime());
    }

    boolean isClosed() {
        return closed.getCount() == 0;
    }

    /// Waits, but not beyond the client's end.
    ///
    /// @throws IllegalStateException if the client was closed meanwhile
    void pause(long millis) throws InterruptedException {
        if (closed.await(millis, TimeUnit.MILLISECONDS)) {
            throw new IllegalStateException("the client is closed");
        }
    }

    @Override
    public void close() {
        closed.countDown();
        channels.values().forEach(ManagedChannel::shutdownNow);
        var deadlineNanos = System.nanoTime() + CLOSE_TIMEOUT.toNanos();
        try {
            for (var channel : channels.values()) {
                channel.awaitTermination(Math.max(0, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
