package io.weirlog.server.internal;

import io.weirlog.internal.v1.ProposalFailure;
import io.weirlog.internal.v1.ProposalOutcome;
import io.weirlog.internal.v1.ProposeResponse;
import io.weirlog.metadata.Submission;
import io.weirlog.metadata.codec.MalformedRecordException;
import io.weirlog.metadata.codec.ReplyCodec;

/// What became of a proposal, as nodes tell each other.
final class Proposals {
    private Proposals() {}

    static ProposeResponse response(Submission submission) {
        return switch (submission) {
            case Submission.Answered(var reply) ->
                ProposeResponse.newBuilder().setReply(ReplyCodec.record(reply)).build();
            case Submission.NotAppended(var reason) -> failure(ProposalOutcome.PROPOSAL_OUTCOME_NOT_APPENDED, reason);
            case Submission.Overloaded(var reason) -> failure(ProposalOutcome.PROPOSAL_OUTCOME_OVERLOADED, reason);
            case Submission.Unknown(var reason) -> failure(ProposalOutcome.PROPOSAL_OUTCOME_UNKNOWN, reason);
        };
    }

    private static ProposeResponse failure(ProposalOutcome outcome, String message) {
        return ProposeResponse.newBuilder()
                .setFailure(ProposalFailure.newBuilder().setOutcome(outcome).setMessage(message))
                .build();
    }

    static Submission submission(ProposeResponse response) {
        return switch (response.getOutcomeCase()) {
            case REPLY -> {
                try {
                    yield new Submission.Answered(ReplyCodec.reply(response.getReply()));
                } catch (MalformedRecordException e) {
                    yield new Submission.Unknown("an answer that cannot be read: " + e.getMessage());
                }
            }
            case FAILURE -> submission(response.getFailure());
            case OUTCOME_NOT_SET -> new Submission.Unknown("an empty answer");
        };
    }

    private static Submission submission(ProposalFailure failure) {
        return switch (failure.getOutcome()) {
            case PROPOSAL_OUTCOME_NOT_APPENDED -> new Submission.NotAppended(failure.getMessage());
            case PROPOSAL_OUTCOME_OVERLOADED -> new Submission.Overloaded(failure.getMessage());
            case PROPOSAL_OUTCOME_UNKNOWN, PROPOSAL_OUTCOME_UNSPECIFIED, UNRECOGNIZED ->
                new Submission.Unknown(failure.getMessage());
        };
    }
}
