package io.weirlog.server.consume;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.BrokerId;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.relay.Relay;
import io.weirlog.server.relay.RelayedRpc;
import io.weirlog.v1.Assign;
import io.weirlog.v1.Assigned;
import io.weirlog.v1.Batch;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.Credit;
import io.weirlog.v1.ExplicitPartition;
import io.weirlog.v1.ExplicitPartitions;
import io.weirlog.v1.Problem;
import io.weirlog.v1.RecordForm;
import io.weirlog.v1.Routing;
import io.weirlog.v1.StartPosition;
import io.weirlog.v1.Unassign;
import io.weirlog.wire.Framed;
import io.weirlog.wire.ReceivedPayload;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One Consume stream to another broker, for all of a client's stream's partitions that it leads.
///
/// The partitions are assigned and taken back one by one; whatever sends a reading elsewhere (a seek, a pause, another
/// leader) takes it back, and what was under way of it is thrown away. Its credit is a window of bytes: what the leader
/// has sent and the client has not taken yet lies here, and no more is asked for than the client may have.
///
/// Used on the client stream's sequential executor only; what the leader sends is brought there.
final class ConsumeLink {
    /// What may lie here of one leader's, in bytes; one batch may go beyond.
    static final int WINDOW_BYTES = 1 << 20;

    private static final int BATCH_BYTES_MAX = WINDOW_BYTES / 4;
    /// So many records are no bound: bytes are.
    private static final long RECORDS = Credits.MAX / 2;
    /// A leader says something every few seconds.
    private static final long SILENCE_NANOS_MAX = 15_000_000_000L;

    private final RemoteSources.Means means;
    private final RemoteSources sources;
    private final BrokerId leader;
    /// Not told to the leader yet.
    private final List<RemoteReading> joining = new ArrayList<>();
    /// Told to the leader, which has not said yet what it calls them: one list for each message.
    private final ArrayDeque<List<RemoteReading>> expected = new ArrayDeque<>();
    private final Map<Integer, RemoteReading> assigned = new HashMap<>();
    private final List<Integer> leaving = new ArrayList<>();
    private @Nullable ClientCallStreamObserver<ConsumeRequest> requests;
    private boolean entered;
    private boolean ended;
    /// Bytes that the leader may still send.
    private long outstandingBytes;
    /// Bytes that it has sent and that are not delivered.
    private long heldBytes;

    private long heardNanos = System.nanoTime();

    ConsumeLink(RemoteSources.Means means, RemoteSources sources, BrokerId leader) {
        this.means = means;
        this.sources = sources;
        this.leader = leader;
    }

    BrokerId leader() {
        return leader;
    }

    /// Begins to read where the cursor is, with the next [#flush].
    RemoteReading join(Cursor cursor) {
        var reading = new RemoteReading(cursor, this);
        joining.add(reading);
        return reading;
    }

    void leave(RemoteReading reading) {
        joining.remove(reading);
        if (assigned.remove(reading.assignment()) != null) {
            leaving.add(reading.assignment());
        }
    }

    void delivered(int bytes) {
        heldBytes -= bytes;
    }

    /// Those that are read here, or will be.
    List<RemoteReading> readings() {
        List<RemoteReading> readings = new ArrayList<>(joining);
        expected.forEach(readings::addAll);
        readings.addAll(assigned.values());
        readings.removeIf(RemoteReading::hasLeft);
        return readings;
    }

    boolean isSilent() {
        return requests != null && System.nanoTime() - heardNanos > SILENCE_NANOS_MAX;
    }

    /// Tells the leader what has changed.
    ///
    /// @param bytesWanted what the client may be sent now
    void flush(long bytesWanted) {
        if (ended) {
            return;
        }
        // Small change is not worth a message, unless the leader has nothing left.
        var room = Math.min(WINDOW_BYTES, bytesWanted) - outstandingBytes - heldBytes;
        var grant = outstandingBytes <= 0 || room >= BATCH_BYTES_MAX ? Math.max(0, room) : 0;
        if (!joining.isEmpty()) {
            var partitions = joining.stream().map(ConsumeLink::partition).toList();
            expected.add(List.copyOf(joining));
            joining.clear();
            if (requests == null) {
                outstandingBytes = grant;
                open(partitions, grant);
                return;
            }
            send(ConsumeRequest.newBuilder().setAssign(Assign.newBuilder().addAllPartitions(partitions)));
        }
        if (!leaving.isEmpty()) {
            send(ConsumeRequest.newBuilder().setUnassign(Unassign.newBuilder().addAllAssignments(leaving)));
            leaving.clear();
        }
        if (requests != null && grant > 0) {
            outstandingBytes += grant;
            send(ConsumeRequest.newBuilder().setCredit(Credit.newBuilder().setBytes(grant)));
        }
    }

    private static ExplicitPartition partition(RemoteReading reading) {
        var cursor = reading.cursor;
        var partition = ExplicitPartition.newBuilder()
                .setTopic(cursor.topic)
                .setTopicId(TopicLookup.bytes(cursor.id.topicId()))
                .setPartition(cursor.id.partition())
                .setStart(StartPosition.newBuilder().setOffset(cursor.position));
        cursor.lastEpoch.ifPresent(partition::setLastLeaderEpoch);
        return partition.build();
    }

    private void open(List<ExplicitPartition> partitions, long bytes) {
        if (!means.relay().tryEnter(RelayedRpc.CONSUME)) {
            end(Relay.full());
            return;
        }
        entered = true;
        var call =
                means.relay().newCall(sources.context(), leader, means.methods().consume());
        if (call.isEmpty()) {
            end(ServerProblems.leaderSilent(leader, "its address is not known"));
            return;
        }
        var opened = (ClientCallStreamObserver<ConsumeRequest>)
                ClientCalls.asyncBidiStreamingCall(call.get(), new Incoming());
        requests = opened;
        heardNanos = System.nanoTime();
        send(ConsumeRequest.newBuilder()
                .setInitial(ConsumeInitial.newBuilder()
                        .setPartitions(ExplicitPartitions.newBuilder().addAllPartitions(partitions))
                        .setIsolation(sources.isolation())
                        .setForm(RecordForm.RECORD_FORM_BATCHES)
                        .setRouting(Routing.ROUTING_LEADER_ONLY)
                        .setCredit(Credit.newBuilder().setRecords(RECORDS).setBytes(bytes))
                        .setMaxBatchBytes(BATCH_BYTES_MAX)));
    }

    private void send(ConsumeRequest.Builder request) {
        if (requests != null) {
            requests.onNext(request.build());
        }
    }

    /// Brings what the leader sends to the stream's executor.
    private final class Incoming implements StreamObserver<Framed<ConsumeResponse>> {
        @Override
        public void onNext(Framed<ConsumeResponse> framed) {
            sources.execute(() -> arrived(framed));
        }

        @Override
        public void onError(Throwable failure) {
            means.relay().failed(leader);
            var problem = Relay.problem(leader, failure);
            sources.execute(() -> end(problem));
        }

        @Override
        public void onCompleted() {
            sources.execute(() -> end(ServerProblems.leaderSilent(leader, "it has ended the stream")));
        }
    }

    private void arrived(Framed<ConsumeResponse> framed) {
        heardNanos = System.nanoTime();
        var response = framed.message();
        if (response.hasBatch() && framed.payload() instanceof ReceivedPayload batches && !ended) {
            arrived(response.getBatch(), batches);
            return;
        }
        framed.close();
        if (response.hasAssigned()) {
            assigned(response.getAssigned());
        } else if (response.hasEndOfPartition()) {
            var end = response.getEndOfPartition();
            add(end.getAssignment(), new RemoteReading.Arrival.End(end.getNextOffset()));
        } else if (response.hasProblem()) {
            var trouble = response.getProblem();
            add(trouble.getAssignment(), new RemoteReading.Arrival.Trouble(trouble.getProblem()));
        }
    }

    private void arrived(Batch batch, ReceivedPayload batches) {
        outstandingBytes -= batches.length();
        var reading = assigned.get(batch.getAssignment());
        if (reading == null) {
            batches.close();
            sources.news();
            return;
        }
        heldBytes += batches.length();
        means.relay().passedOn(RelayedRpc.CONSUME, batches.length());
        reading.add(new RemoteReading.Arrival.Batches(batches, batch.getNextOffset(), batch.getHighWatermark()));
        sources.arrived(reading.cursor);
    }

    private void add(int assignment, RemoteReading.Arrival arrival) {
        var reading = assigned.get(assignment);
        if (reading != null) {
            reading.add(arrival);
            sources.arrived(reading.cursor);
        }
    }

    private void assigned(Assigned message) {
        var readings = expected.poll();
        if (readings == null || readings.size() != message.getPartitionsCount()) {
            stop("it answers something else than it was asked for");
            return;
        }
        for (int i = 0; i < readings.size(); i++) {
            var reading = readings.get(i);
            var number = message.getPartitions(i).getAssignment();
            if (reading.hasLeft()) {
                leaving.add(number);
                sources.news();
            } else {
                reading.assigned(number);
                assigned.put(number, reading);
            }
        }
    }

    private void end(Problem problem) {
        if (ended) {
            return;
        }
        ended = true;
        if (entered) {
            means.relay().leave();
        }
        var lost = readings();
        joining.clear();
        expected.clear();
        assigned.clear();
        sources.lost(this, lost, problem);
    }

    /// Calls the stream off; its partitions are read elsewhere.
    void stop(String why) {
        if (requests != null && !ended) {
            requests.cancel(why, null);
        }
        end(ServerProblems.leaderSilent(leader, why));
    }
}
