package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.v1.AppendFailure;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.v1.ProduceInitialized;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The producer's own thread: it owns everything that was sent, and takes what is ready from the accumulator.
///
/// One turn: handle what arrived, send what may be sent, fail what is late, then sleep until one of these is due.
final class Sender implements Runnable, ProduceStream.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(Sender.class);
    private static final long CHECK_NANOS = Duration.ofMillis(50).toNanos();
    private static final long IDLE_NANOS = Duration.ofSeconds(1).toNanos();
    /// An answer that takes longer than this makes the sender ask who leads now.
    private static final long SUSPECT_NANOS = Duration.ofMillis(500).toNanos();
    private static final long ASK_PAUSE_NANOS = Duration.ofMillis(100).toNanos();
    /// What a request message may take besides its batch.
    private static final int REQUEST_OVERHEAD_BYTES = 1024;

    private final ProducerOptions options;
    private final RecordAccumulator accumulator;
    private final MetadataCache metadata;
    private final MetadataRefresh refresh;
    private final ProduceRoutes routes;
    private final ProducerIdentities identities;
    private final Completions completions;
    private final Queue<Runnable> mailbox = new ConcurrentLinkedQueue<>();
    private final Set<PartitionLane> active = new LinkedHashSet<>();
    private final Thread thread;
    private long checkedNanos = System.nanoTime();
    private long askedNanos = checkedNanos;
    /// Why nothing is sent any more.
    private Optional<Problem> fenced = Optional.empty();

    private volatile boolean hurry;
    private volatile boolean stopping;

    Sender(ProducerOptions options, RecordAccumulator accumulator, MetadataCache metadata, Connections connections) {
        this.options = options;
        this.accumulator = accumulator;
        this.metadata = metadata;
        this.refresh = new MetadataRefresh(metadata, this::post);
        this.completions = new Completions(options, accumulator);
        this.routes = new ProduceRoutes(options, metadata, connections, this, this::post);
        this.identities = new ProducerIdentities(new UnaryCalls(connections), this::post);
        this.thread = new Thread(this, "weirlog-producer");
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /// Runs it on the sender's thread.
    void post(Runnable event) {
        mailbox.add(event);
        wake();
    }

    void wake() {
        LockSupport.unpark(thread);
    }

    boolean isSenderThread() {
        return Thread.currentThread().equals(thread);
    }

    /// Whether batches are sent without lingering.
    void hurry(boolean hurry) {
        this.hurry = hurry;
        wake();
    }

    /// Fails what is not done and ends the thread, waiting for that at most `timeout`.
    void stop(Duration timeout) throws InterruptedException {
        stopping = true;
        wake();
        if (!isSenderThread()) {
            thread.join(Math.max(1, timeout.toMillis()));
        }
    }

    @Override
    public void run() {
        try {
            while (!stopping) {
                turn();
            }
        } catch (RuntimeException | Error e) {
            LOG.error("the producer failed and ends", e);
            throw e;
        } finally {
            end();
        }
    }

    private void turn() {
        for (var event = mailbox.poll(); event != null; event = mailbox.poll()) {
            event.run();
        }
        for (var lane = accumulator.pollActivated(); lane != null; lane = accumulator.pollActivated()) {
            active.add(lane);
        }
        var nowNanos = System.nanoTime();
        if (nowNanos - checkedNanos >= CHECK_NANOS) {
            checkedNanos = nowNanos;
            failLate(nowNanos);
            breakSilent(nowNanos);
            lookForLeaders(nowNanos);
        }
        refresh.askIfDue(nowNanos, this::activeTopics);
        var sleepNanos = active.isEmpty() && routes.isQuiet() ? IDLE_NANOS : CHECK_NANOS;
        for (var iterator = active.iterator(); iterator.hasNext(); ) {
            var lane = iterator.next();
            sleepNanos = Math.min(sleepNanos, serve(lane, nowNanos));
            if (lane.deactivate()) {
                iterator.remove();
            }
        }
        if (mailbox.isEmpty() && sleepNanos > 0) {
            LockSupport.parkNanos(this, sleepNanos);
        }
    }

    /// Sends what may be sent of a lane; returns how long until there may be more to do without being woken.
    private long serve(PartitionLane lane, long nowNanos) {
        var topic = metadata.cached(lane.partition().topic());
        if (topic.isEmpty() || lane.partition().partition() >= topic.get().partitionCount()) {
            failWaiting(lane, MetadataCache.unknown(lane.partition()).problem());
            return IDLE_NANOS;
        }
        var window = lane.window();
        while (true) {
            if (fenced.isPresent()) {
                failWaiting(lane, fenced.get());
                return CHECK_NANOS;
            }
            if (window.needsProducer() && !begin(lane, nowNanos)) {
                return CHECK_NANOS;
            }
            var again = window.nextToResend();
            if (again.isPresent() && lane.retryInNanos(nowNanos) > 0 && !routes.isOvertaken(again.get())) {
                return lane.retryInNanos(nowNanos);
            }
            if (again.isEmpty() && !window.mayTakeNew()) {
                return CHECK_NANOS;
            }
            var sendableInNanos = again.isPresent() || isHurried()
                    ? 0
                    : lane.sendableInNanos(nowNanos).orElse(0);
            if (sendableInNanos > 0) {
                return sendableInNanos;
            }
            var route = routes.of(lane, topic.get(), nowNanos);
            if (route.isEmpty()) {
                return CHECK_NANOS;
            }
            var batch = again.or(() -> lane.takeSendable(nowNanos, isHurried()));
            if (batch.isEmpty()) {
                return CHECK_NANOS;
            }
            if (again.isPresent()) {
                window.resent(batch.get());
            } else {
                if (!batch.get().isEncoded()) {
                    batch.get().encode();
                }
                window.sent(batch.get());
            }
            batch.get().stamp(window.numbers(batch.get()));
            routes.send(lane, batch.get(), route.get(), nowNanos);
        }
    }

    /// Whether the lane may go on as somebody.
    private boolean begin(PartitionLane lane, long nowNanos) {
        var next = identities.after(lane.window().producer(), nowNanos);
        if (next.isPresent()) {
            completions.end(lane.window().begin(next.get()), Completions.sequenceBroken());
        } else {
            identities.refusal().ifPresent(problem -> failWaiting(lane, problem));
        }
        return next.isPresent();
    }

    private boolean isHurried() {
        return hurry || accumulator.memory().isShort();
    }

    @Override
    public void opened(ProduceStream stream, ProduceInitialized initialized) {
        routes.opened(stream, initialized);
        if (initialized.getMaxRequestBytes() > REQUEST_OVERHEAD_BYTES) {
            accumulator.limitBatchBytes(initialized.getMaxRequestBytes() - REQUEST_OVERHEAD_BYTES);
        }
    }

    @Override
    public void answered(ProduceStream stream, AppendResult result) {
        var found = stream.take(result);
        if (found.isPresent()) {
            var batch = found.get();
            var lane = accumulator.lane(batch.partition());
            if (result.hasLeader()) {
                metadata.leader(batch.partition(), FromProto.leader(result.getLeader()));
            }
            if (result.hasAppended()) {
                completions.succeed(batch, new BatchReceipt(batch.partition(), result.getAppended()));
                lane.window().appended(batch).forEach(overtaken -> completions.failOvertaken(overtaken.batch()));
            } else {
                onFailed(lane, batch, result.getFailure());
            }
        }
        routes.finishIfDrained(stream);
    }

    private void onFailed(PartitionLane lane, ProducerBatch batch, AppendFailure failure) {
        var problem = failure.getProblem();
        if (failure.getOutcome() != AppendOutcome.APPEND_OUTCOME_NOT_APPENDED) {
            onUnknown(lane, batch, problem);
            return;
        }
        var reason = problem.getReason();
        if (reason == ErrorReason.ERROR_REASON_OUT_OF_ORDER_SEQUENCE
                || reason == ErrorReason.ERROR_REASON_UNKNOWN_PRODUCER) {
            completions.end(lane.window().outOfSequence(batch), problem);
        } else if (reason == ErrorReason.ERROR_REASON_PRODUCER_FENCED) {
            completions.end(lane.window().rejected(batch), problem);
            fenced = Optional.of(problem);
        } else {
            onRefused(lane, batch, problem);
        }
    }

    private void onRefused(PartitionLane lane, ProducerBatch batch, Problem problem) {
        var remainingMillis = TimeUnit.NANOSECONDS.toMillis(deadlineNanos(batch) - System.nanoTime());
        var decision = RetryPolicy.DEFAULT.append(
                problem, AppendOutcome.APPEND_OUTCOME_NOT_APPENDED, batch.attempts(), remainingMillis, random());
        if (decision instanceof RetryPolicy.Retry retry) {
            completions.end(lane.window().refused(batch), problem);
            pause(lane, retry, problem);
        } else {
            completions.end(lane.window().rejected(batch), problem);
        }
    }

    private void onUnknown(PartitionLane lane, ProducerBatch batch, Problem problem) {
        completions.end(lane.window().unknown(batch), problem);
        if (!batch.isCompleted()) {
            pause(lane, RetryPolicy.DEFAULT.unknown(problem, batch.attempts(), random()), problem);
        }
    }

    private void pause(PartitionLane lane, RetryPolicy.Retry retry, Problem problem) {
        lane.retryAt(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(retry.delayMillis()));
        if (retry.refreshMetadata()) {
            routes.leaderNamed(lane.partition(), problem);
            refresh.want(lane.partition().topic());
        }
    }

    @Override
    public void draining(ProduceStream stream) {
        LOG.info("{} is going to stop: going on elsewhere", stream.address());
        routes.draining(stream);
        activeTopics().forEach(refresh::want);
    }

    @Override
    public void ended(ProduceStream stream, Problem problem) {
        var wasOpening = stream.phase() == ProduceStream.Phase.OPENING;
        LOG.debug("stream to {} ended: {}", stream.address(), problem.getMessage());
        routes.ended(stream, problem);
        stream.takeAll().forEach(batch -> onUnknown(accumulator.lane(batch.partition()), batch, problem));
        var isFinal = wasOpening
                && RetryPolicy.DEFAULT.repeatable(problem, 1, Long.MAX_VALUE, random()) instanceof RetryPolicy.Fail;
        if (isFinal) {
            // The broker refuses this client, whatever it sends.
            List.copyOf(active).stream()
                    .filter(lane -> routes.leadsTo(lane, stream))
                    .forEach(lane -> failWaiting(lane, problem));
        }
        activeTopics().forEach(refresh::want);
    }

    private Collection<String> activeTopics() {
        return active.stream().map(lane -> lane.partition().topic()).collect(Collectors.toSet());
    }

    /// Fails what has taken too long. A batch on its way keeps its place in the window until its stream is done
    /// with it.
    private void failLate(long nowNanos) {
        for (var lane : active) {
            for (var batch : lane.takeExpired(nowNanos)) {
                completions.failLate(batch, AppendOutcome.APPEND_OUTCOME_NOT_APPENDED);
            }
            var sent = new ArrayList<>(lane.window().waiting());
            sent.addAll(lane.window().onItsWay());
            for (var batch : sent) {
                if (nowNanos - deadlineNanos(batch) >= 0) {
                    completions.endLate(lane.window().expired(batch));
                }
            }
        }
    }

    private void breakSilent(long nowNanos) {
        for (var stream : routes.overdue(nowNanos)) {
            stream.cancel("no answer in time");
            ended(
                    stream,
                    Problems.problem(
                            Status.Code.UNAVAILABLE,
                            ErrorReason.ERROR_REASON_UNSPECIFIED,
                            stream.address() + " gave no answer in time"));
        }
    }

    /// Asks who leads as long as batches are refused or wait for a late answer.
    ///
    /// A leader that hangs neither answers nor breaks its stream. Once there is another one, nobody needs to wait
    /// for it: what was sent to it may be in the log or not.
    private void lookForLeaders(long nowNanos) {
        var isTimeToAsk = nowNanos - askedNanos >= ASK_PAUSE_NANOS;
        for (var lane : active) {
            var late = lane.window().onItsWay().stream()
                    .filter(batch -> nowNanos - batch.sentNanos() >= SUSPECT_NANOS)
                    .toList();
            if (isTimeToAsk && !(late.isEmpty() && lane.window().waiting().isEmpty())) {
                askedNanos = nowNanos;
                refresh.want(lane.partition().topic());
            }
            if (late.isEmpty()) {
                continue;
            }
            for (var batch : routes.takeOvertaken(lane, late, nowNanos - SUSPECT_NANOS)) {
                onUnknown(
                        lane,
                        batch,
                        Problems.problem(
                                Status.Code.UNAVAILABLE,
                                ErrorReason.ERROR_REASON_UNSPECIFIED,
                                "no answer from the leader of " + batch.partition()
                                        + ", and there is another one now"));
            }
        }
    }

    private long deadlineNanos(ProducerBatch batch) {
        return batch.createdNanos() + options.deliveryTimeout().toNanos();
    }

    private void failWaiting(PartitionLane lane, Problem problem) {
        lane.takeAll().forEach(batch -> completions.failNotAppended(batch, problem));
        for (var batch : lane.window().waiting()) {
            completions.end(lane.window().rejected(batch), problem);
        }
    }

    private void end() {
        var problem = Completions.closed();
        routes.all().forEach(stream -> stream.cancel("the producer was closed"));
        for (var lane : accumulator.end()) {
            lane.end().forEach(batch -> completions.failNotAppended(batch, problem));
            failWaiting(lane, problem);
            lane.window()
                    .onItsWay()
                    .forEach(batch -> completions.fail(batch, problem, AppendOutcome.APPEND_OUTCOME_UNKNOWN));
        }
    }

    private static double random() {
        return ThreadLocalRandom.current().nextDouble();
    }
}
