package io.weirlog.server.consume;

import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.weirlog.v1.FetchRequest;
import io.weirlog.v1.FetchResponse;
import io.weirlog.wire.Framed;
import java.util.Optional;
import java.util.concurrent.Executor;

/// A fetch that is to be answered: everything about it happens on its sequential executor.
///
/// @param context of the call: calls made in it for this one end with it
/// @param bytesMax the most bytes of batches in the answer
record FetchTask(
        FetchRequest request,
        ServerCallStreamObserver<Framed<FetchResponse>> response,
        Context context,
        Executor sequential,
        int bytesMax) {

    /// Once the call is over, however it ends.
    void onCancel(Runnable action) {
        context.addListener(_ -> action.run(), sequential);
    }

    /// So many bytes are worth an answer before the time is over.
    int bytesWanted() {
        return Math.min(request.getMinBytes(), bytesMax);
    }

    void answer(Framed<FetchResponse> framed) {
        try (framed) {
            response.onNext(framed);
            response.onCompleted();
        }
    }

    /// How long to wait for the bytes wanted.
    long waitMillisMax() {
        return Math.min(
                60_000,
                request.getMaxWait().getSeconds() * 1000 + request.getMaxWait().getNanos() / 1_000_000);
    }

    /// What is wrong with a request as a whole, in words; empty if nothing is.
    static Optional<String> mistake(FetchRequest request) {
        String message = null;
        if (request.getPartitionsCount() == 0) {
            message = "the request names no partitions";
        } else if (request.getPartitionsCount() > 10_000) {
            message = "a request takes at most 10000 partitions";
        } else if (request.getMinBytes() < 0 || request.getMaxBytes() < 0) {
            message = "`min_bytes` and `max_bytes` must not be negative";
        } else if (request.getMaxWait().getSeconds() < 0 || request.getMaxWait().getNanos() < 0) {
            message = "`max_wait` must not be negative";
        }
        return Optional.ofNullable(message);
    }
}
