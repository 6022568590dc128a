package io.weirlog.client;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.TopicId;
import io.weirlog.record.RecordBatch;
import io.weirlog.v1.Assigned;
import io.weirlog.v1.AssignedPartition;
import io.weirlog.v1.Batch;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeInitialized;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.Credit;
import io.weirlog.v1.Draining;
import io.weirlog.v1.EndOfPartition;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.ExplicitPartition;
import io.weirlog.v1.PartitionProblem;
import io.weirlog.v1.Problem;
import io.weirlog.v1.StartPosition;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Payload;
import io.weirlog.wire.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// One `Consume` stream at the test broker.
final class TestConsumeStream implements StreamObserver<ConsumeRequest> {
    private static final int BATCH_BYTES_DEFAULT = 1024 * 1024;

    private final InMemoryBroker broker;
    private final ServerCallStreamObserver<Framed<ConsumeResponse>> responses;
    private final List<Reading> readings = new ArrayList<>();
    private ConsumeInitial initial = ConsumeInitial.getDefaultInstance();
    private long creditRecords;
    private long creditBytes;
    private Sent sent = new Sent(0, 0);
    private boolean over;

    private static final class Reading {
        private final int assignment;
        private final String topic;
        private final int partition;
        private long position;
        private long seekId;
        private boolean paused;
        private boolean stuck;
        private boolean toldEnd;

        Reading(int assignment, String topic, int partition) {
            this.assignment = assignment;
            this.topic = topic;
            this.partition = partition;
        }
    }

    TestConsumeStream(InMemoryBroker broker, ServerCallStreamObserver<Framed<ConsumeResponse>> responses) {
        this.broker = broker;
        this.responses = responses;
        responses.setOnCancelHandler(this::onEnd);
        synchronized (broker) {
            broker.opened(this);
        }
    }

    @Override
    public void onNext(ConsumeRequest request) {
        synchronized (broker) {
            if (over || broker.isMute()) {
                return;
            }
            switch (request.getRequestCase()) {
                case INITIAL -> start(request.getInitial());
                case CREDIT -> credit(request.getCredit());
                case SEEK -> {
                    var reading = readings.get(request.getSeek().getAssignment());
                    reading.seekId = request.getSeek().getSeekId();
                    reading.stuck = false;
                    reading.toldEnd = false;
                    reading.position = request.getSeek().getPosition().getOffset();
                }
                case PAUSE -> request.getPause().getAssignmentsList().forEach(a -> readings.get(a).paused = true);
                case RESUME -> request.getResume().getAssignmentsList().forEach(this::resume);
                case COMMIT, REVOKED, ASSIGN, UNASSIGN, REQUEST_NOT_SET ->
                    throw new IllegalStateException("unexpected " + request);
            }
            pump();
        }
    }

    private void resume(int assignment) {
        readings.get(assignment).paused = false;
        readings.get(assignment).stuck = false;
        broker.hiddenStarts().ifPresent(problem -> stick(assignment, problem));
    }

    private void credit(Credit credit) {
        creditRecords += credit.getRecords();
        creditBytes += credit.getBytes();
    }

    private void start(ConsumeInitial request) {
        initial = request;
        credit(request.getCredit());
        send(ConsumeResponse.newBuilder()
                .setInitial(ConsumeInitialized.newBuilder()
                        .setClusterId(InMemoryBroker.CLUSTER_ID)
                        .setHeartbeatInterval(
                                ToProto.nanos(broker.heartbeatInterval().toNanos())))
                .build());
        try {
            request.getPartitions().getPartitionsList().forEach(this::assign);
        } catch (StatusRuntimeException e) {
            end(e);
            return;
        }
        var assigned = Assigned.newBuilder();
        for (var reading : readings) {
            assigned.addPartitions(AssignedPartition.newBuilder()
                    .setAssignment(reading.assignment)
                    .setTopic(reading.topic)
                    .setTopicId(topicId(reading.topic))
                    .setPartition(reading.partition)
                    .setStartOffset(broker.hiddenStarts().isPresent() ? 0 : reading.position));
        }
        send(ConsumeResponse.newBuilder().setAssigned(assigned).build());
        broker.hiddenStarts().ifPresent(problem -> readings.forEach(reading -> stick(reading.assignment, problem)));
    }

    private ByteString topicId(String topic) {
        return ByteString.copyFrom(new TopicId(broker.topic(topic).id()).toBytes());
    }

    private void assign(ExplicitPartition wanted) {
        broker.log(wanted.getTopic(), wanted.getPartition());
        if (wanted.hasTopicId() && !wanted.getTopicId().equals(topicId(wanted.getTopic()))) {
            throw Problems.toStatus(Problems.problem(
                    Status.Code.FAILED_PRECONDITION,
                    ErrorReason.ERROR_REASON_TOPIC_ID_MISMATCH,
                    "another topic of that name"));
        }
        var partitions = wanted.hasPartition()
                ? IntStream.of(wanted.getPartition())
                : IntStream.range(
                        0, broker.topic(wanted.getTopic()).partitions().size());
        partitions.forEach(partition -> {
            var reading = new Reading(readings.size(), wanted.getTopic(), partition);
            reading.position = resolve(
                    wanted.hasStart() ? wanted.getStart() : initial.getStart(),
                    broker.log(wanted.getTopic(), partition));
            readings.add(reading);
        });
    }

    private static long resolve(StartPosition start, TestLog log) {
        return switch (start.getPositionCase()) {
            case LATEST -> log.endOffset();
            case OFFSET -> start.getOffset();
            case TIMESTAMP ->
                log.records().stream()
                        .filter(record ->
                                record.timestampMillis() >= start.getTimestamp().getSeconds() * 1_000)
                        .map(record -> record.offset())
                        .findFirst()
                        .orElse(log.endOffset());
            case EARLIEST, POSITION_NOT_SET -> log.startOffset();
        };
    }

    /// Sends as much as the credit allows, taking turns between the partitions.
    void pump() {
        var sent = true;
        while (sent && !over) {
            sent = false;
            for (var reading : readings) {
                sent |= !reading.paused && !reading.stuck && pump(reading);
            }
        }
    }

    private boolean pump(Reading reading) {
        var log = broker.log(reading.topic, reading.partition);
        if (reading.position < log.startOffset() || reading.position > log.endOffset()) {
            reading.stuck = true;
            problem(reading, outOfRange(reading, log));
            return false;
        }
        if (reading.position == log.endOffset()) {
            if (!reading.toldEnd) {
                reading.toldEnd = true;
                send(ConsumeResponse.newBuilder()
                        .setEndOfPartition(EndOfPartition.newBuilder()
                                .setAssignment(reading.assignment)
                                .setNextOffset(reading.position))
                        .build());
            }
            return false;
        }
        if (creditRecords <= 0 || creditBytes <= 0) {
            return false;
        }
        sendBatch(reading, log);
        return true;
    }

    private void sendBatch(Reading reading, TestLog log) {
        var bytes = log.read(
                reading.position, initial.getMaxBatchBytes() > 0 ? initial.getMaxBatchBytes() : BATCH_BYTES_DEFAULT);
        var count = 0;
        var nextOffset = reading.position;
        for (var at = 0; at < bytes.limit(); at += RecordBatch.at(bytes, at).sizeBytes()) {
            count += RecordBatch.at(bytes, at).recordCount();
            nextOffset = RecordBatch.at(bytes, at).nextOffset();
        }
        var batch = Batch.newBuilder()
                .setAssignment(reading.assignment)
                .setBaseOffset(reading.position)
                .setNextOffset(nextOffset)
                .setHighWatermark(log.endOffset())
                .setRecordCount(count)
                .setSeekId(reading.seekId);
        sent = new Sent(sent.records() + count, sent.bytes() + bytes.remaining());
        creditRecords -= count;
        creditBytes -= bytes.remaining();
        if (TestServices.wantsRecords(initial.getForm())) {
            var from = reading.position;
            batch.setRecords(TestServices.decoded(TestLog.records(bytes).stream()
                    .filter(record -> record.offset() >= from)
                    .toList()));
            send(ConsumeResponse.newBuilder().setBatch(batch).build());
        } else {
            responses.onNext(
                    Framed.of(ConsumeResponse.newBuilder().setBatch(batch).build(), Payload.of(bytes)));
        }
        reading.position = nextOffset;
        reading.toldEnd = false;
    }

    private static Problem outOfRange(Reading reading, TestLog log) {
        return Problems.problem(
                Status.Code.OUT_OF_RANGE,
                ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE,
                "no offset " + reading.position,
                Map.of(
                        "offset", Long.toString(reading.position),
                        "log_start_offset", Long.toString(log.startOffset()),
                        "high_watermark", Long.toString(log.endOffset())));
    }

    private void problem(Reading reading, Problem problem) {
        broker.problemTold();
        send(ConsumeResponse.newBuilder()
                .setProblem(PartitionProblem.newBuilder()
                        .setAssignment(reading.assignment)
                        .setProblem(problem))
                .build());
    }

    /// Tells of a problem with a partition, which then stands still until it is resumed.
    void stick(int assignment, Problem problem) {
        readings.get(assignment).stuck = true;
        problem(readings.get(assignment), problem);
    }

    private void send(ConsumeResponse response) {
        responses.onNext(Framed.of(response));
    }

    void drain() {
        send(ConsumeResponse.newBuilder()
                .setDraining(Draining.getDefaultInstance())
                .build());
    }

    /// What was sent so far.
    record Sent(long records, long bytes) {}

    Sent sent() {
        return sent;
    }

    void breakOff(Status status) {
        end(status.asRuntimeException());
    }

    private void end(StatusRuntimeException status) {
        if (!over) {
            over = true;
            broker.closed(this);
            responses.onError(status);
        }
    }

    private void onEnd() {
        synchronized (broker) {
            over = true;
            broker.closed(this);
        }
    }

    @Override
    public void onError(Throwable failure) {
        onEnd();
    }

    @Override
    public void onCompleted() {
        synchronized (broker) {
            if (!over) {
                onEnd();
                responses.onCompleted();
            }
        }
    }
}
