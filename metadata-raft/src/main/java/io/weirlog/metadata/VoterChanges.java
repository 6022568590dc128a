package io.weirlog.metadata;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.MembershipResult.Reason;
import io.weirlog.metadata.VoterRules.Verdict;
import io.weirlog.metadata.ratis.RatisNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/// Carries out the changes that [VoterRules] allow, one at a time.
final class VoterChanges {
    private static final Duration HAND_OVER_MAX = Duration.ofSeconds(5);

    private final RatisNode node;
    private final Executor executor;
    private final AtomicBoolean underWay = new AtomicBoolean();

    VoterChanges(RatisNode node, Executor executor) {
        this.node = node;
        this.executor = executor;
    }

    CompletableFuture<MembershipResult> add(BrokerId id, Endpoint endpoint) {
        return alone(quorum -> switch (VoterRules.add(quorum, id, endpoint)) {
            case Verdict.Already() -> done(quorum);
            case Verdict.Forbidden(var reason, var message) -> refused(reason, message);
            case Verdict.Allowed() -> {
                var next = new ArrayList<>(voters(quorum));
                next.add(new QuorumConfig.Voter(id, endpoint));
                yield node.setVoters(voters(quorum), next);
            }
        });
    }

    CompletableFuture<MembershipResult> remove(BrokerId id) {
        return alone(quorum -> switch (VoterRules.remove(quorum, id)) {
            case Verdict.Already() -> done(quorum);
            case Verdict.Forbidden(var reason, var message) -> refused(reason, message);
            case Verdict.Allowed() ->
                id.equals(quorum.self())
                        ? handOver(quorum)
                        : node.setVoters(
                                voters(quorum),
                                voters(quorum).stream()
                                        .filter(voter -> !voter.id().equals(id))
                                        .toList());
        });
    }

    @FunctionalInterface
    private interface Change {
        CompletableFuture<MembershipResult> begin(QuorumDescription quorum);
    }

    private CompletableFuture<MembershipResult> alone(Change change) {
        var quorum = node.describe();
        if (!(node.role() instanceof QuorumRole.Active)) {
            var leader = quorum.leader().filter(id -> !id.equals(quorum.self()));
            return CompletableFuture.completedFuture(new MembershipResult.NotActive(leader));
        }
        if (!underWay.compareAndSet(false, true)) {
            return refused(Reason.CHANGE_UNDER_WAY, "another change of the voters is under way; wait for it");
        }
        try {
            return change.begin(quorum).whenCompleteAsync((result, error) -> underWay.set(false), executor);
        } catch (RuntimeException e) {
            underWay.set(false);
            throw e;
        }
    }

    /// A leader that removes itself would leave the rest to find that out by their timeouts.
    private CompletableFuture<MembershipResult> handOver(QuorumDescription quorum) {
        var heir = quorum.voters().stream()
                .filter(voter -> !voter.id().equals(quorum.self()) && VoterRules.isWell(voter))
                .max(Comparator.comparingLong(
                        voter -> voter.progress().orElseThrow().matchEnd()))
                .orElseThrow()
                .id();
        return node.handOver(heir, HAND_OVER_MAX)
                .thenApply(handed -> handed
                        ? new MembershipResult.NotActive(Optional.of(heir))
                        : new MembershipResult.Refused(
                                Reason.QUORUM_AT_RISK,
                                "the active controller could not hand over to voter %s; try again".formatted(heir)));
    }

    private static List<QuorumConfig.Voter> voters(QuorumDescription quorum) {
        return quorum.voters().stream()
                .map(voter -> new QuorumConfig.Voter(voter.id(), voter.endpoint()))
                .toList();
    }

    private static CompletableFuture<MembershipResult> done(QuorumDescription quorum) {
        return CompletableFuture.completedFuture(new MembershipResult.Done(
                voters(quorum).stream().map(QuorumConfig.Voter::id).toList()));
    }

    private static CompletableFuture<MembershipResult> refused(Reason reason, String message) {
        return CompletableFuture.completedFuture(new MembershipResult.Refused(reason, message));
    }
}
