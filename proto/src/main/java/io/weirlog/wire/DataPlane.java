package io.weirlog.wire;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoUtils;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.AppendResponse;
import io.weirlog.v1.Batch;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.FetchRequest;
import io.weirlog.v1.FetchResponse;
import io.weirlog.v1.FetchedPartition;
import io.weirlog.v1.ProduceAppend;
import io.weirlog.v1.ProduceRequest;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.v1.ProducerServiceGrpc;
import java.util.List;

/// The methods that carry records, with marshallers that keep record batches out of protobuf objects. On the wire they
/// are the methods of the generated stubs.
public final class DataPlane {
    private static final FramedLayout<AppendRequest> APPEND =
            FramedLayout.flat(AppendRequest.parser(), AppendRequest.BATCH_FIELD_NUMBER);
    private static final FramedLayout<ProduceRequest> PRODUCE = FramedLayout.nested(
            ProduceRequest.parser(),
            ProduceRequest.APPEND_FIELD_NUMBER,
            ProduceAppend.BATCH_FIELD_NUMBER,
            request -> List.of(request.getAppend()));
    private static final FramedLayout<FetchResponse> FETCH = FramedLayout.nested(
            FetchResponse.parser(),
            FetchResponse.PARTITIONS_FIELD_NUMBER,
            FetchedPartition.BATCHES_FIELD_NUMBER,
            FetchResponse::getPartitionsList);
    private static final FramedLayout<ConsumeResponse> CONSUME = FramedLayout.nested(
            ConsumeResponse.parser(),
            ConsumeResponse.BATCH_FIELD_NUMBER,
            Batch.BATCHES_FIELD_NUMBER,
            response -> List.of(response.getBatch()));

    private final MethodDescriptor<Framed<AppendRequest>, AppendResponse> append;
    private final MethodDescriptor<Framed<ProduceRequest>, ProduceResponse> produce;
    private final MethodDescriptor<FetchRequest, Framed<FetchResponse>> fetch;
    private final MethodDescriptor<ConsumeRequest, Framed<ConsumeResponse>> consume;

    /// Methods whose received payloads lie in memory of `buffers` unless the network's own will do.
    public DataPlane(BufferSource buffers) {
        append = ProducerServiceGrpc.getAppendMethod().toBuilder(
                        new FramedMarshaller<>(APPEND, buffers), plain(AppendResponse.getDefaultInstance()))
                .build();
        produce = ProducerServiceGrpc.getProduceMethod().toBuilder(
                        new FramedMarshaller<>(PRODUCE, buffers), plain(ProduceResponse.getDefaultInstance()))
                .build();
        fetch = ConsumerServiceGrpc.getFetchMethod().toBuilder(
                        plain(FetchRequest.getDefaultInstance()), new FramedMarshaller<>(FETCH, buffers))
                .build();
        consume = ConsumerServiceGrpc.getConsumeMethod().toBuilder(
                        plain(ConsumeRequest.getDefaultInstance()), new FramedMarshaller<>(CONSUME, buffers))
                .build();
    }

    public MethodDescriptor<Framed<AppendRequest>, AppendResponse> append() {
        return append;
    }

    public MethodDescriptor<Framed<ProduceRequest>, ProduceResponse> produce() {
        return produce;
    }

    public MethodDescriptor<FetchRequest, Framed<FetchResponse>> fetch() {
        return fetch;
    }

    public MethodDescriptor<ConsumeRequest, Framed<ConsumeResponse>> consume() {
        return consume;
    }

    private static <M extends Message> MethodDescriptor.Marshaller<M> plain(M prototype) {
        return ProtoUtils.marshaller(prototype);
    }
}
