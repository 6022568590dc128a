package io.weirlog.server.tls;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.weirlog.tls.TlsKeys;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at the files by and by, takes new certificates into use, and tells how long they last. It compares what the
/// files hold, not their times: Kubernetes replaces a secret by turning a symbolic link.
final class TlsWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TlsWatch.class);
    private static final Duration RENEWAL_DUE = Duration.ofDays(7);

    private final TlsKeys keys;
    private final MeterRegistry meters;
    private final List<Meter> own = new ArrayList<>();
    private final Counter changed;
    private final Counter failed;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("weirlog-tls-watch").factory());

    TlsWatch(TlsKeys keys, Duration interval, MeterRegistry meters) {
        this.keys = keys;
        this.meters = meters;
        this.changed = reloads("ok");
        this.failed = reloads("failed");
        expiry("node", () -> keys.current().own().stream().map(mine -> mine.certificate()));
        expiry("authority", () -> keys.current().authorities().stream());
        tellDue();
        var _ = timer.scheduleWithFixedDelay(
                this::look, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    private Counter reloads(String result) {
        var counter = Counter.builder("weirlog.tls.reloads")
                .description("Changes of the certificate files that were taken into use, or could not be")
                .tag("result", result)
                .register(meters);
        own.add(counter);
        return counter;
    }

    private void expiry(String certificate, Supplier<Stream<X509Certificate>> certificates) {
        own.add(Gauge.builder("weirlog.tls.certificate.expiry", () -> secondsLeft(certificates.get()))
                .description("How long the certificate is still valid; of several the one that ends first")
                .baseUnit("seconds")
                .tag("certificate", certificate)
                .register(meters));
    }

    private static double secondsLeft(Stream<X509Certificate> certificates) {
        return certificates
                .map(one -> one.getNotAfter().toInstant())
                .min(Instant::compareTo)
                .map(end -> Duration.between(Instant.now(), end).toMillis() / 1_000.0)
                .orElse(Double.NaN);
    }

    private void look() {
        try {
            switch (keys.reload()) {
                case TlsKeys.Reload.Unchanged() -> {
                    // As nearly always.
                }
                case TlsKeys.Reload.Changed() -> {
                    changed.increment();
                    LOG.info("new TLS certificates are in use for new connections");
                    tellDue();
                }
                case TlsKeys.Reload.Failed(var message) -> {
                    failed.increment();
                    LOG.error("the TLS files have changed but cannot be used; the former stay in use: {}", message);
                }
            }
        } catch (RuntimeException e) {
            LOG.error("the TLS files could not be looked at; the former stay in use", e);
        }
    }

    private void tellDue() {
        var end = keys.current().own().orElseThrow().certificate().getNotAfter().toInstant();
        if (Duration.between(Instant.now(), end).compareTo(RENEWAL_DUE) < 0) {
            LOG.warn("the node's TLS certificate ends at {}: replace the file before, it is read again by itself", end);
        } else {
            LOG.info("the node's TLS certificate ends at {}", end);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
        own.forEach(meters::remove);
    }
}
