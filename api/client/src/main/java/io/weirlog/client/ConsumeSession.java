package io.weirlog.client;

import io.weirlog.v1.Assigned;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.Pause;
import io.weirlog.v1.Problem;
import io.weirlog.v1.Resume;
import io.weirlog.wire.Framed;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// A consumer's stream of explicit partitions, which each new stream reads where the one before had stopped. Only
/// [#interrupt] may come from another thread than the consumer's.
final class ConsumeSession implements StreamLife.Owner, PartitionReader.Source {
    private final ConsumerOptions options;
    private final String clientId;
    private final Runnable onArrival;
    private final StreamLife life;
    private final CreditWindow credit;
    private final Map<PartitionRef, PartitionReading> readings = new LinkedHashMap<>();
    private final Map<Integer, PartitionReading> byAssignment = new HashMap<>();
    private final PassingTroubles troubles;
    private boolean broken;

    /// @param broker whom to read from, asked anew for each stream
    /// @param onArrival told of each event of a stream, on any thread; must not block
    ConsumeSession(ConsumerOptions options, Connections connections, Supplier<Address> broker, Runnable onArrival) {
        this.options = options;
        this.clientId = connections.config().clientId();
        this.onArrival = onArrival;
        this.life = new StreamLife(connections, broker, this);
        this.credit = new CreditWindow(options.bufferRecords(), options.bufferBytes());
        this.troubles =
                new PassingTroubles(connections.config().requestTimeout().toNanos());
    }

    /// Goes on from there, in place of where the options say: for the time before the first stream.
    void adopt(Collection<PartitionReading> handedOver) {
        handedOver.forEach(reading -> readings.put(reading.partition(), reading));
    }

    @Override
    public Collection<PartitionReading> readings() {
        return readings.values();
    }

    @Override
    public Optional<PartitionReading> reading(PartitionRef partition) {
        return Optional.ofNullable(readings.get(partition));
    }

    @Override
    public Optional<PartitionReading> reading(int assignment) {
        return Optional.ofNullable(byAssignment.get(assignment));
    }

    /// The next batch, end or problem of a partition; whoever gets it closes it. Empty if there was none in time.
    ///
    /// @throws WeirlogException if a broker refuses for good, or none was reached for the request timeout
    Optional<Framed<ConsumeResponse>> next(long timeoutNanos) throws InterruptedException {
        return life.next(timeoutNanos);
    }

    @Override
    public ConsumeStream.Inbox inbox() {
        return ConsumeStream.Inbox.inOrder(onArrival);
    }

    @Override
    public ConsumeInitial initial() {
        byAssignment.clear();
        troubles.forgetAll();
        return Subscription.initial(options, readings.values(), credit.open(), clientId);
    }

    @Override
    public boolean isForCaller(ConsumeResponse message) {
        return switch (message.getResponseCase()) {
            case BATCH, END_OF_PARTITION, PROBLEM, PREFERRED -> true;
            case ASSIGNED -> {
                assigned(message.getAssigned());
                yield false;
            }
            // Groups are not used here, and a later broker may say what this client does not know.
            case INITIAL, DRAINING, REVOKING, COMMITTED, LAG, HEARTBEAT, RESPONSE_NOT_SET -> false;
        };
    }

    private void assigned(Assigned assigned) {
        for (var partition : assigned.getPartitionsList()) {
            var ref = new PartitionRef(partition.getTopic(), partition.getPartition());
            var known = readings.get(ref);
            if (known != null) {
                known.reassigned(partition.getAssignment());
            } else {
                known = new PartitionReading(
                        ref, partition.getTopicId(), partition.getAssignment(), partition.getStartOffset());
                readings.put(ref, known);
            }
            byAssignment.put(partition.getAssignment(), known);
        }
        var paused = readings.values().stream()
                .filter(PartitionReading::isPaused)
                .map(PartitionReading::assignment)
                .toList();
        if (!paused.isEmpty()) {
            send(ConsumeRequest.newBuilder().setPause(Pause.newBuilder().addAllAssignments(paused)));
        }
    }

    @Override
    public void ended() {
        broken = true;
    }

    /// Asks the broker to try again with a partition that is in passing trouble, after a while.
    ///
    /// @throws WeirlogException if it has been in trouble for the request timeout
    void tryAgain(PartitionReading reading, Problem problem) {
        troubles.tryAgain(reading, problem);
    }

    @Override
    public void tick() {
        for (var reading : troubles.takeDue()) {
            if (!reading.isPaused()) {
                send(ConsumeRequest.newBuilder().setResume(Resume.newBuilder().addAssignments(reading.assignment())));
            }
        }
    }

    /// Sends over the stream if there is one; another one begins with the readings as they are by then.
    @Override
    public void send(ConsumeRequest.Builder request) {
        life.send(request);
    }

    /// Whether a stream has ended since this was asked before.
    boolean takeBroken() {
        var was = broken;
        broken = false;
        return was;
    }

    @Override
    public void done(int records, int bytes) {
        credit.done(records, bytes);
    }

    void replenish() {
        life.replenish(credit);
    }

    /// Ends the stream and every [#next] from now on.
    void interrupt() {
        life.interrupt();
    }
}
