package io.weirlog.bench.relay;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.Credit;
import io.weirlog.v1.ExplicitPartition;
import io.weirlog.v1.ExplicitPartitions;
import io.weirlog.v1.RecordForm;
import io.weirlog.v1.Routing;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// A simple client on one connection: a generated stub, one Consume stream, no idea of who leads.
final class StreamReader implements AutoCloseable {
    private static final long CREDIT_BYTES = 8 << 20;
    private static final long READ_MINUTES_MAX = 5;

    private final ManagedChannel channel;

    /// @param address of the broker that is asked for everything
    StreamReader(String address) {
        channel = NettyChannelBuilder.forTarget(address)
                .usePlaintext()
                .maxInboundMessageSize(8 << 20)
                .directExecutor()
                .build();
    }

    /// Reads these partitions from their beginnings until so many records have come.
    ///
    /// @param routing whether the broker may ask others
    void read(String topic, List<Integer> partitions, RecordForm form, Routing routing, long records) throws Exception {
        var reading = new Reading(records);
        var requests = ConsumerServiceGrpc.newStub(channel).consume(reading);
        reading.requests.complete(requests);
        var explicit = ExplicitPartitions.newBuilder();
        partitions.forEach(partition -> explicit.addPartitions(
                ExplicitPartition.newBuilder().setTopic(topic).setPartition(partition)));
        requests.onNext(ConsumeRequest.newBuilder()
                .setInitial(ConsumeInitial.newBuilder()
                        .setPartitions(explicit)
                        .setForm(form)
                        .setRouting(routing)
                        .setCredit(Credit.newBuilder().setRecords(1L << 40).setBytes(CREDIT_BYTES)))
                .build());
        reading.done.get(READ_MINUTES_MAX, TimeUnit.MINUTES);
        requests.onCompleted();
    }

    private static final class Reading implements StreamObserver<ConsumeResponse> {
        private final CompletableFuture<StreamObserver<ConsumeRequest>> requests = new CompletableFuture<>();
        private final CompletableFuture<Long> done = new CompletableFuture<>();
        private final long wanted;
        private long records;
        private long owedBytes;

        Reading(long wanted) {
            this.wanted = wanted;
        }

        @Override
        public void onNext(ConsumeResponse response) {
            if (response.hasProblem()) {
                done.completeExceptionally(new IllegalStateException(
                        response.getProblem().getProblem().getMessage()));
            }
            if (!response.hasBatch()) {
                return;
            }
            var batch = response.getBatch();
            records += batch.getRecordCount();
            owedBytes += batch.hasBatches()
                    ? batch.getBatches().size()
                    : batch.getRecords().getSerializedSize();
            if (records >= wanted) {
                done.complete(records);
            } else if (owedBytes >= CREDIT_BYTES / 4) {
                requests.join()
                        .onNext(ConsumeRequest.newBuilder()
                                .setCredit(Credit.newBuilder().setBytes(owedBytes))
                                .build());
                owedBytes = 0;
            }
        }

        @Override
        public void onError(Throwable failure) {
            done.completeExceptionally(failure);
        }

        @Override
        public void onCompleted() {
            done.completeExceptionally(new IllegalStateException("the stream was ended"));
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
