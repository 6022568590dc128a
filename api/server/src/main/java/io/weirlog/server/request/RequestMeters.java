package io.weirlog.server.request;

import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/// How long requests take, by method and outcome; what appends spend where; how many streams are open. Methods and
/// outcomes are few, whatever clients send: what no service knows does not come here.
final class RequestMeters implements AutoCloseable {
    private static final String PACKAGE = "weirlog.v1.";
    private static final Duration[] DURATIONS = {
        Duration.ofNanos(100_000),
        Duration.ofNanos(500_000),
        Duration.ofMillis(1),
        Duration.ofMillis(2),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(20),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(2),
        Duration.ofSeconds(10)
    };

    private final MeterRegistry registry;
    /// By method, then by outcome: a request finds its timer without making a key.
    private final Map<String, Map<Status.Code, Timer>> requests = new ConcurrentHashMap<>();
    private final Map<Stage, Timer> stages = new EnumMap<>(Stage.class);
    private final Map<String, LongAdder> streams = new ConcurrentHashMap<>();
    private final Counter refused;
    private final Queue<Meter> meters = new ConcurrentLinkedQueue<>();

    RequestMeters(MeterRegistry registry) {
        this.registry = registry;
        this.refused = kept(Counter.builder("weirlog.calls.refused")
                .description("Calls refused since their address had client.max.calls.per.address open")
                .register(registry));
        for (var stage : Stage.values()) {
            stages.put(
                    stage,
                    kept(Timer.builder("weirlog.append.stage")
                            .description("What appends to partitions led here spend in each stage")
                            .tag("stage", stage.tag())
                            .serviceLevelObjectives(DURATIONS)
                            .register(registry)));
        }
    }

    /// An address had too many calls open.
    void refused() {
        refused.increment();
    }

    /// The method without what they all have in common.
    static String tag(String method) {
        return method.startsWith(PACKAGE) ? method.substring(PACKAGE.length()) : method;
    }

    void request(String method, Status.Code code, long nanos) {
        requests.computeIfAbsent(method, _ -> new ConcurrentHashMap<>())
                .computeIfAbsent(code, _ -> requestTimer(method, code))
                .record(nanos, TimeUnit.NANOSECONDS);
    }

    private Timer requestTimer(String method, Status.Code code) {
        return kept(Timer.builder("weirlog.request")
                .description("From a request's arrival until it was answered")
                .tag("method", tag(method))
                .tag("code", code.name())
                .serviceLevelObjectives(DURATIONS)
                .register(registry));
    }

    void append(AppendTimes append) {
        stages.forEach((stage, timer) -> timer.record(append.nanos(stage), TimeUnit.NANOSECONDS));
    }

    /// How many streams of a method are open, for the caller to count.
    LongAdder open(String method) {
        return Objects.requireNonNull(streams.computeIfAbsent(method, _ -> {
            var open = new LongAdder();
            kept(Gauge.builder("weirlog.streams.open", open, LongAdder::sum)
                    .description("Streams of clients that are open")
                    .tag("method", tag(method))
                    .register(registry));
            return open;
        }));
    }

    private <M extends Meter> M kept(M meter) {
        meters.add(meter);
        return meter;
    }

    @Override
    public void close() {
        meters.forEach(registry::remove);
    }
}
