package io.weirlog.bench.load;

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
import io.weirlog.v1.StartPosition;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Consume streams to one node that wait for records: many on each connection, as of clients that have many consumers.
final class IdleStreams implements AutoCloseable {
    private static final int STREAMS_EACH = 100;
    private static final long OPEN_SECONDS_MAX = 120;

    private final List<ManagedChannel> channels = new ArrayList<>();
    private final CountDownLatch waitedFor;
    private volatile boolean closing;
    private volatile String failure = "";

    IdleStreams(String address, String topic, int partitions, int count) throws InterruptedException {
        waitedFor = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            if (i % STREAMS_EACH == 0) {
                channels.add(
                        NettyChannelBuilder.forTarget(address).usePlaintext().build());
            }
            var requests = ConsumerServiceGrpc.newStub(channels.getLast()).consume(new Waiting());
            requests.onNext(ConsumeRequest.newBuilder()
                    .setInitial(initial(topic, i % partitions))
                    .build());
        }
        if (!waitedFor.await(OPEN_SECONDS_MAX, TimeUnit.SECONDS) || !failure.isEmpty()) {
            close();
            throw new IllegalStateException(waitedFor.getCount() + " streams were not opened; " + failure);
        }
    }

    private static ConsumeInitial initial(String topic, int partition) {
        return ConsumeInitial.newBuilder()
                .setPartitions(ExplicitPartitions.newBuilder()
                        .addPartitions(ExplicitPartition.newBuilder()
                                .setTopic(topic)
                                .setPartition(partition)
                                .setStart(StartPosition.newBuilder()
                                        .setLatest(StartPosition.Latest.getDefaultInstance()))))
                .setCredit(Credit.newBuilder().setRecords(1_000).setBytes(1 << 20))
                .build();
    }

    private final class Waiting implements StreamObserver<ConsumeResponse> {
        @Override
        public void onNext(ConsumeResponse response) {
            if (response.hasAssigned()) {
                waitedFor.countDown();
            }
        }

        @Override
        public void onError(Throwable cause) {
            if (!closing) {
                failure = String.valueOf(cause.getMessage());
            }
        }

        @Override
        public void onCompleted() {
            onError(new IllegalStateException("a stream was ended"));
        }
    }

    @Override
    public void close() {
        closing = true;
        channels.forEach(ManagedChannel::shutdownNow);
        if (!failure.isEmpty()) {
            throw new IllegalStateException("an idle stream ended: " + failure);
        }
    }
}
