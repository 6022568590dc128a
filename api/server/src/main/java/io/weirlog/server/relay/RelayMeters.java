package io.weirlog.server.relay;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/// What a broker passes on to others.
final class RelayMeters implements AutoCloseable {
    private final MeterRegistry registry;
    private final Map<RelayedRpc, Counter> requests = new EnumMap<>(RelayedRpc.class);
    private final Map<RelayedRpc, Counter> bytes = new EnumMap<>(RelayedRpc.class);
    private final List<Meter> meters = new ArrayList<>();

    RelayMeters(MeterRegistry registry, AtomicInteger inFlight) {
        this.registry = registry;
        for (var rpc : RelayedRpc.values()) {
            requests.put(rpc, counter("weirlog.relay.requests", "Requests passed on to other brokers", rpc));
            bytes.put(rpc, counter("weirlog.relay.bytes", "Bytes of record batches passed on, either way", rpc));
        }
        meters.add(Gauge.builder("weirlog.relay.in.flight", inFlight, AtomicInteger::get)
                .description("Requests that wait for other brokers on behalf of clients")
                .register(registry));
    }

    private Counter counter(String name, String description, RelayedRpc rpc) {
        var counter = Counter.builder(name)
                .description(description)
                .tag("rpc", rpc.tag())
                .register(registry);
        meters.add(counter);
        return counter;
    }

    void request(RelayedRpc rpc) {
        Objects.requireNonNull(requests.get(rpc)).increment();
    }

    void bytes(RelayedRpc rpc, long count) {
        Objects.requireNonNull(bytes.get(rpc)).increment((double) count);
    }

    @Override
    public void close() {
        meters.forEach(registry::remove);
    }
}
