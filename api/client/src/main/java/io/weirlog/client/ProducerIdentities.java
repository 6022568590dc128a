package io.weirlog.client;

import io.weirlog.v1.InitProducerRequest;
import io.weirlog.v1.InitProducerResponse;
import io.weirlog.v1.Problem;
import io.weirlog.v1.ProducerServiceGrpc;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Who the producer is: asks the cluster for an id, and for its next epoch where a partition needs one. Partitions that
/// need none stay in the epoch that they have. Belongs to the sender's thread.
final class ProducerIdentities {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final UnaryCalls calls;
    private final Consumer<Runnable> mailbox;
    private Optional<ProducerIdentity> newest = Optional.empty();
    private boolean asking;
    private int attempts;
    private long askAgainNanos = System.nanoTime();
    private Optional<Problem> refusal = Optional.empty();

    /// @param mailbox runs what it is given on the sender's thread
    ProducerIdentities(UnaryCalls calls, Consumer<Runnable> mailbox) {
        this.calls = calls;
        this.mailbox = mailbox;
    }

    /// One that is newer than what a partition has; while it is empty, it is asked for.
    Optional<ProducerIdentity> after(Optional<ProducerIdentity> known, long nowNanos) {
        if (newest.isPresent() && !newest.equals(known) && !isNewer(known, newest.get())) {
            return newest;
        }
        if (!asking && nowNanos - askAgainNanos >= 0) {
            ask();
        }
        return Optional.empty();
    }

    private static boolean isNewer(Optional<ProducerIdentity> known, ProducerIdentity other) {
        return known.filter(one -> one.producerId() == other.producerId() && one.epoch() > other.epoch())
                .isPresent();
    }

    /// Why there is none, if a broker has refused it for good; it is asked again all the same.
    Optional<Problem> refusal() {
        return refusal;
    }

    private void ask() {
        asking = true;
        var request = InitProducerRequest.newBuilder();
        newest.ifPresent(known -> request.setProducerId(known.producerId()).setProducerEpoch(known.epoch()));
        calls.ask(
                ProducerServiceGrpc.getInitProducerMethod(),
                request.build(),
                TIMEOUT,
                new UnaryCalls.Done<InitProducerResponse>() {
                    @Override
                    public void answered(InitProducerResponse answer) {
                        mailbox.accept(() -> begin(answer));
                    }

                    @Override
                    public void failed(Problem problem) {
                        mailbox.accept(() -> pause(problem));
                    }
                });
    }

    private void begin(InitProducerResponse answer) {
        asking = false;
        attempts = 0;
        refusal = Optional.empty();
        newest = Optional.of(new ProducerIdentity(answer.getProducerId(), (short) answer.getProducerEpoch()));
    }

    private void pause(Problem problem) {
        asking = false;
        attempts++;
        var jitter = ThreadLocalRandom.current().nextDouble();
        var decision = RetryPolicy.DEFAULT.repeatable(problem, attempts, Long.MAX_VALUE, jitter);
        refusal = decision instanceof RetryPolicy.Fail ? Optional.of(problem) : Optional.empty();
        askAgainNanos =
                System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(RetryPolicy.DEFAULT.delayMillis(attempts, jitter));
    }
}
