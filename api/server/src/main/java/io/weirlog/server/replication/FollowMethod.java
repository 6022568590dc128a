package io.weirlog.server.replication;

import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoUtils;
import io.weirlog.internal.v1.FollowBatches;
import io.weirlog.internal.v1.FollowRequest;
import io.weirlog.internal.v1.FollowResponse;
import io.weirlog.internal.v1.ReplicationServiceGrpc;
import io.weirlog.wire.BufferSource;
import io.weirlog.wire.Framed;
import io.weirlog.wire.FramedLayout;
import io.weirlog.wire.FramedMarshaller;
import java.util.List;

/// The method that carries batches between brokers, with a marshaller that keeps them out of protobuf objects.
final class FollowMethod {
    private static final FramedLayout<FollowResponse> LAYOUT = FramedLayout.nested(
            FollowResponse.parser(),
            FollowResponse.BATCHES_FIELD_NUMBER,
            FollowBatches.BATCHES_FIELD_NUMBER,
            response -> List.of(response.getBatches()));

    private FollowMethod() {}

    /// @param buffers where batches lie that the network has in pieces
    static MethodDescriptor<FollowRequest, Framed<FollowResponse>> of(BufferSource buffers) {
        return ReplicationServiceGrpc.getFollowMethod().toBuilder(
                        ProtoUtils.marshaller(FollowRequest.getDefaultInstance()),
                        new FramedMarshaller<>(LAYOUT, buffers))
                .build();
    }
}
