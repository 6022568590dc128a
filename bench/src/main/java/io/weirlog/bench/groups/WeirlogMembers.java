package io.weirlog.bench.groups;

import com.google.protobuf.Duration;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.weirlog.v1.Batch;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.Credit;
import io.weirlog.v1.GroupSubscription;
import io.weirlog.v1.Revoked;
import io.weirlog.v1.StartPosition;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Members that are a Consume stream each, through generated stubs, on a connection of their own; by turns to all
/// nodes.
final class WeirlogMembers implements Members {
    private final List<String> addresses;
    private final AtomicInteger joined = new AtomicInteger();

    WeirlogMembers(String addresses) {
        this.addresses = List.of(addresses.split(","));
    }

    @Override
    public Member join(Joining joining, Listener listener) {
        var address = addresses.get(joined.getAndIncrement() % addresses.size());
        return new Stream(NettyChannelBuilder.forTarget(address).usePlaintext().build(), joining, listener);
    }

    private static final class Stream implements Member, ClientResponseObserver<ConsumeRequest, ConsumeResponse> {
        private final ManagedChannel channel;
        private final Listener listener;
        private final Map<Integer, Integer> partitions = new HashMap<>();
        private @Nullable ClientCallStreamObserver<ConsumeRequest> requests;
        private volatile boolean closed;

        Stream(ManagedChannel channel, Joining joining, Listener listener) {
            this.channel = channel;
            this.listener = listener;
            var stream = ConsumerServiceGrpc.newStub(channel).consume(this);
            stream.onNext(ConsumeRequest.newBuilder()
                    .setInitial(ConsumeInitial.newBuilder()
                            .setGroup(GroupSubscription.newBuilder()
                                    .setGroupId(joining.group())
                                    .setInstanceId(joining.instance())
                                    .addTopics(joining.topic())
                                    .setSessionTimeout(Duration.newBuilder()
                                            .setSeconds(joining.session().toSeconds())))
                            .setStart(StartPosition.newBuilder().setLatest(StartPosition.Latest.getDefaultInstance()))
                            .setCredit(Credit.newBuilder().setRecords(1L << 40).setBytes(1L << 40)))
                    .build());
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<ConsumeRequest> stream) {
            requests = stream;
        }

        @Override
        public void onNext(ConsumeResponse response) {
            switch (response.getResponseCase()) {
                case ASSIGNED -> {
                    var all = response.getAssigned().getPartitionsList();
                    all.forEach(one -> partitions.put(one.getAssignment(), one.getPartition()));
                    listener.assigned(
                            all.stream().map(one -> one.getPartition()).toList());
                }
                case BATCH -> batch(response.getBatch());
                case REVOKING -> revoking(response.getRevoking().getAssignmentsList());
                case PROBLEM ->
                    listener.failed(response.getProblem().getProblem().getMessage());
                case INITIAL, COMMITTED, END_OF_PARTITION, LAG, HEARTBEAT, DRAINING, PREFERRED, RESPONSE_NOT_SET -> {}
            }
        }

        private void batch(Batch batch) {
            int partition = Objects.requireNonNull(partitions.get(batch.getAssignment()));
            for (var record : batch.getRecords().getRecordsList()) {
                listener.received(partition, Members.stamp(record.getValue().asReadOnlyByteBuffer()));
            }
        }

        private void revoking(List<Integer> assignments) {
            listener.lost(assignments.stream()
                    .map(one -> Objects.requireNonNull(partitions.get(one)))
                    .toList());
            Objects.requireNonNull(requests)
                    .onNext(ConsumeRequest.newBuilder()
                            .setRevoked(Revoked.newBuilder().addAllAssignments(assignments))
                            .build());
        }

        @Override
        public void onError(Throwable failure) {
            if (!closed) {
                listener.failed(String.valueOf(failure.getMessage()));
            }
        }

        @Override
        public void onCompleted() {
            if (!closed) {
                listener.failed("the stream was ended");
            }
        }

        @Override
        public void close() {
            closed = true;
            channel.shutdownNow();
        }
    }

    @Override
    public void close() {}
}
