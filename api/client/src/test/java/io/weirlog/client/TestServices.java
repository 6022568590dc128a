package io.weirlog.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.weirlog.record.Compression;
import io.weirlog.record.Record;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.record.RecordHeader;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.AppendResponse;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.Appended;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumedRecord;
import io.weirlog.v1.ConsumedRecordList;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.Durability;
import io.weirlog.v1.FetchRequest;
import io.weirlog.v1.FetchResponse;
import io.weirlog.v1.FetchedPartition;
import io.weirlog.v1.Header;
import io.weirlog.v1.InitProducerRequest;
import io.weirlog.v1.InitProducerResponse;
import io.weirlog.v1.ListOffsetsPartition;
import io.weirlog.v1.ListOffsetsRequest;
import io.weirlog.v1.ListOffsetsResponse;
import io.weirlog.v1.ListedOffset;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.v1.RecordForm;
import io.weirlog.v1.RecordList;
import io.weirlog.wire.BufferSource;
import io.weirlog.wire.DataPlane;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Problems;
import io.weirlog.wire.ReceivedPayload;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The test broker's data plane: unary calls here, streams in classes of their own.
final class TestServices {
    private static final int FETCH_BYTES_DEFAULT = 1024 * 1024;

    private final InMemoryBroker broker;
    private final DataPlane dataPlane = new DataPlane(BufferSource.HEAP);

    TestServices(InMemoryBroker broker) {
        this.broker = broker;
    }

    ServerServiceDefinition producer() {
        return ServerServiceDefinition.builder(ProducerServiceGrpc.SERVICE_NAME)
                .addMethod(dataPlane.append(), ServerCalls.asyncUnaryCall(this::append))
                .addMethod(
                        dataPlane.produce(),
                        ServerCalls.asyncBidiStreamingCall(responses ->
                                new TestProduceStream(broker, (ServerCallStreamObserver<ProduceResponse>) responses)))
                .addMethod(ProducerServiceGrpc.getInitProducerMethod(), ServerCalls.asyncUnaryCall(this::initProducer))
                .build();
    }

    ServerServiceDefinition consumer() {
        return ServerServiceDefinition.builder(ConsumerServiceGrpc.SERVICE_NAME)
                .addMethod(dataPlane.fetch(), ServerCalls.asyncUnaryCall(this::fetch))
                .addMethod(
                        dataPlane.consume(),
                        ServerCalls.asyncBidiStreamingCall(responses -> new TestConsumeStream(
                                broker, (ServerCallStreamObserver<Framed<ConsumeResponse>>) responses)))
                .addMethod(ConsumerServiceGrpc.getListOffsetsMethod(), ServerCalls.asyncUnaryCall(this::listOffsets))
                .build();
    }

    private void initProducer(InitProducerRequest request, StreamObserver<InitProducerResponse> responses) {
        synchronized (broker) {
            var refusal = broker.nextInitRefusal();
            if (refusal.isPresent()) {
                responses.onError(Problems.toStatus(refusal.get()));
                return;
            }
            responses.onNext(
                    request.hasProducerId()
                            ? InitProducerResponse.newBuilder()
                                    .setProducerId(request.getProducerId())
                                    .setProducerEpoch(request.getProducerEpoch() + 1)
                                    .build()
                            : InitProducerResponse.newBuilder()
                                    .setProducerId(broker.nextProducerId())
                                    .build());
        }
        responses.onCompleted();
    }

    private void append(Framed<AppendRequest> framed, StreamObserver<AppendResponse> responses) {
        var request = framed.message();
        var batch = request.hasRecords() ? encode(request.getRecords()) : copy(framed);
        try {
            synchronized (broker) {
                var result = append(broker, request.getTopic(), request.getPartition(), batch);
                responses.onNext(AppendResponse.newBuilder().addResults(result).build());
            }
            responses.onCompleted();
        } catch (StatusRuntimeException e) {
            responses.onError(e);
        }
    }

    static AppendResult append(InMemoryBroker broker, String topic, int partition, ByteBuffer batch) {
        var log = broker.log(topic, partition);
        var repeated = log.producers().judge(RecordBatch.of(batch));
        var baseOffset = repeated.orElseGet(() -> log.append(batch));
        broker.appended();
        return AppendResult.newBuilder()
                .setPartition(partition)
                .setAppended(Appended.newBuilder()
                        .setBaseOffset(baseOffset)
                        .setRepeated(repeated.isPresent())
                        .setRecordCount(TestLog.records(batch).size())
                        .setLeaderEpoch(3)
                        .setAppendTime(Timestamp.newBuilder().setSeconds(1_700_000_000))
                        .setAcknowledgedBy(1)
                        .setDurability(Durability.DURABILITY_FSYNC))
                .build();
    }

    private void fetch(FetchRequest request, StreamObserver<Framed<FetchResponse>> responses) {
        var response = FetchResponse.newBuilder();
        synchronized (broker) {
            for (var wanted : request.getPartitionsList()) {
                var fetched = FetchedPartition.newBuilder()
                        .setTopic(wanted.getTopic())
                        .setPartition(wanted.getPartition())
                        .setNextOffset(wanted.getOffset());
                try {
                    var log = broker.log(wanted.getTopic(), wanted.getPartition());
                    fetched.setLogStartOffset(log.startOffset()).setHighWatermark(log.endOffset());
                    var records = TestLog.records(log.read(wanted.getOffset(), FETCH_BYTES_DEFAULT)).stream()
                            .filter(record -> record.offset() >= wanted.getOffset())
                            .toList();
                    fetched.setNextOffset(wanted.getOffset() + records.size()).setRecords(decoded(records));
                } catch (StatusRuntimeException e) {
                    fetched.setProblem(Problems.fromThrowable(e));
                }
                response.addPartitions(fetched);
            }
        }
        responses.onNext(Framed.of(response.build()));
        responses.onCompleted();
    }

    private void listOffsets(ListOffsetsRequest request, StreamObserver<ListOffsetsResponse> responses) {
        var response = ListOffsetsResponse.newBuilder();
        synchronized (broker) {
            for (var wanted : request.getPartitionsList()) {
                var listed =
                        ListedOffset.newBuilder().setTopic(wanted.getTopic()).setPartition(wanted.getPartition());
                try {
                    var log = broker.log(wanted.getTopic(), wanted.getPartition());
                    listedOffset(log, wanted).ifPresent(listed::setOffset);
                } catch (StatusRuntimeException e) {
                    listed.setProblem(Problems.fromThrowable(e));
                }
                response.addOffsets(listed);
            }
        }
        responses.onNext(response.build());
        responses.onCompleted();
    }

    private static Optional<Long> listedOffset(TestLog log, ListOffsetsPartition wanted) {
        return switch (wanted.getPosition().getPositionCase()) {
            case EARLIEST -> Optional.of(log.startOffset());
            case LATEST -> Optional.of(log.endOffset());
            case OFFSET -> Optional.of(wanted.getPosition().getOffset());
            case TIMESTAMP -> {
                var millis = wanted.getPosition().getTimestamp().getSeconds() * 1_000
                        + wanted.getPosition().getTimestamp().getNanos() / 1_000_000;
                yield log.records().stream()
                        .filter(record -> record.timestampMillis() >= millis)
                        .map(Record::offset)
                        .findFirst();
            }
            case POSITION_NOT_SET -> Optional.empty();
        };
    }

    static ByteBuffer copy(Framed<?> framed) {
        try (framed) {
            var source = ((ReceivedPayload) framed.payload()).buffer();
            var copy = ByteBuffer.allocate(source.remaining());
            copy.put(source.duplicate());
            return copy.flip();
        }
    }

    static ByteBuffer encode(RecordList records) {
        var builder = new RecordBatchBuilder(Compression.NONE, 1024);
        for (var record : records.getRecordsList()) {
            var headers = record.getHeadersList().stream()
                    .map(header -> new RecordHeader(
                            header.getKey(),
                            header.hasValue() ? header.getValue().toByteArray() : null))
                    .toList();
            builder.append(
                    System.currentTimeMillis(),
                    record.hasKey() ? record.getKey().toByteArray() : null,
                    record.hasValue() ? record.getValue().toByteArray() : null,
                    headers);
        }
        return builder.build();
    }

    static ConsumedRecordList decoded(List<Record> records) {
        var list = ConsumedRecordList.newBuilder();
        for (var record : records) {
            var consumed = ConsumedRecord.newBuilder()
                    .setOffset(record.offset())
                    .setTimestamp(Timestamp.newBuilder()
                            .setSeconds(record.timestampMillis() / 1_000)
                            .setNanos((int) (record.timestampMillis() % 1_000) * 1_000_000));
            bytes(record.key()).ifPresent(consumed::setKey);
            bytes(record.value()).ifPresent(consumed::setValue);
            for (var header : record.headers()) {
                var proto = Header.newBuilder().setKey(header.key());
                bytes(header.value()).ifPresent(proto::setValue);
                consumed.addHeaders(proto);
            }
            list.addRecords(consumed);
        }
        return list.build();
    }

    private static Optional<ByteString> bytes(byte @Nullable [] bytes) {
        return bytes == null ? Optional.empty() : Optional.of(ByteString.copyFrom(bytes));
    }

    static boolean wantsRecords(RecordForm form) {
        return form != RecordForm.RECORD_FORM_BATCHES;
    }
}
