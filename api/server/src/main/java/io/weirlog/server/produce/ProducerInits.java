package io.weirlog.server.produce;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.weirlog.metadata.core.MetadataLimits;
import io.weirlog.server.ServerProblems;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.InitProducerRequest;
import io.weirlog.v1.InitProducerResponse;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.Optional;

/// Answers producers that ask who they are.
///
/// The next epoch of an id is the one that its owner names, plus one: nothing is kept of it, so that a request that is
/// sent again gets the same answer.
final class ProducerInits {
    private final ProducerIds ids;

    ProducerInits(ProducerIds ids) {
        this.ids = ids;
    }

    void init(InitProducerRequest request, StreamObserver<InitProducerResponse> responses) {
        var mistake = mistake(request);
        if (mistake.isPresent()) {
            responses.onError(Problems.toStatus(ServerProblems.invalidRequest(mistake.get())));
        } else if (request.hasProducerId() && request.getProducerEpoch() < Short.MAX_VALUE) {
            answer(responses, request.getProducerId(), request.getProducerEpoch() + 1);
        } else {
            var _ = ids.next().whenComplete((id, failure) -> {
                if (failure == null) {
                    answer(responses, id, 0);
                } else {
                    responses.onError(Problems.toStatus(noIds(String.valueOf(failure.getMessage()))));
                }
            });
        }
    }

    private static Optional<String> mistake(InitProducerRequest request) {
        var epoch = request.getProducerEpoch();
        var id = request.getProducerId();
        String message = null;
        if (request.hasProducerId() != request.hasProducerEpoch()) {
            message = "`producer_id` and `producer_epoch` belong together: give both for the next epoch of an id, or"
                    + " neither for a new id";
        } else if (id < 0 || id >= MetadataLimits.PRODUCER_IDS_END) {
            message = "`producer_id` " + id + " is none that InitProducer has given";
        } else if (epoch < 0 || epoch > Short.MAX_VALUE) {
            message = "`producer_epoch` must be between 0 and " + Short.MAX_VALUE;
        }
        return Optional.ofNullable(message);
    }

    private static void answer(StreamObserver<InitProducerResponse> responses, long id, int epoch) {
        responses.onNext(InitProducerResponse.newBuilder()
                .setProducerId(id)
                .setProducerEpoch(epoch)
                .build());
        responses.onCompleted();
    }

    private static Problem noIds(String why) {
        return ServerProblems.retryable(Problems.problem(
                Status.Code.UNAVAILABLE,
                ErrorReason.ERROR_REASON_METADATA_UNAVAILABLE,
                "there is no producer id to be had right now (" + why + "): try again"));
    }
}
