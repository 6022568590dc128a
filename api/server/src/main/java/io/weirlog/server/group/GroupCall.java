package io.weirlog.server.group;

import io.grpc.MethodDescriptor;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.server.group.core.GroupReply;
import io.weirlog.server.group.core.GroupRequest;
import io.weirlog.v1.Leader;
import io.weirlog.v1.Problem;
import io.weirlog.v1.Routing;
import java.util.function.Function;

/// One RPC about one group, as its messages and as the machine knows it.
///
/// @param <Q> request
/// @param <R> response
/// @param rpc how another broker is asked
record GroupCall<Q, R>(
        MethodDescriptor<Q, R> rpc,
        Function<Q, String> group,
        Function<Q, Routing> routing,
        Reader<Q> reader,
        Writer<Q, R> writer) {
    /// What a request asks of the machine, or what is wrong with it.
    sealed interface Read {
        record Request(GroupRequest request) implements Read {}

        record Wrong(Problem problem) implements Read {}
    }

    @FunctionalInterface
    interface Reader<Q> {
        Read read(Q request, MetadataImage image);
    }

    @FunctionalInterface
    interface Writer<Q, R> {
        /// @param reply one that is no refusal
        R write(Q request, GroupReply reply, Leader coordinator, MetadataImage image);
    }
}
