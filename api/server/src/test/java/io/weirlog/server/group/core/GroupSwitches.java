package io.weirlog.server.group.core;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;

/// What simulated coordinators do right, and wrong where a bug is put back.
final class GroupSwitches {
    private final Optional<GroupBug> bug;

    GroupSwitches(Optional<GroupBug> bug) {
        this.bug = bug;
    }

    boolean has(GroupBug one) {
        return bug.equals(Optional.of(one));
    }

    Rules rules() {
        return bug.isEmpty() ? new Rules() : new BuggyRules(bug.get());
    }

    HeldAnswers heldAnswers(LeaderEpoch epoch, Offset end) {
        return bug.isEmpty() ? new HeldAnswers(epoch, end) : new BuggyAnswers(bug.get(), epoch, end);
    }

    private static final class BuggyAnswers extends HeldAnswers {
        private final GroupBug bug;

        BuggyAnswers(GroupBug bug, LeaderEpoch epoch, Offset end) {
            super(epoch, end);
            this.bug = bug;
        }

        @Override
        boolean counts(LeaderEpoch ofWatermark, LeaderEpoch own) {
            return bug == GroupBug.FOREIGN_RECORDS_COUNT || super.counts(ofWatermark, own);
        }

        @Override
        public List<Outcome.Answer> hold(List<Outcome.Answer> answers) {
            return bug == GroupBug.ANSWER_BEFORE_COMMIT ? answers : super.hold(answers);
        }
    }

    private static final class BuggyRules extends Rules {
        private final GroupBug bug;

        BuggyRules(GroupBug bug) {
            this.bug = bug;
        }

        @Override
        NavigableMap<TopicPartition, Integer> stillRevoking(
                NavigableMap<TopicPartition, Integer> before, NavigableMap<TopicPartition, Integer> now) {
            return bug == GroupBug.PENDING_REVOCATION_FORGOTTEN ? now : super.stillRevoking(before, now);
        }

        @Override
        boolean acknowledges(CurrentAssignment current, int memberEpoch) {
            return bug == GroupBug.OLD_HEARTBEAT_ACKNOWLEDGES || super.acknowledges(current, memberEpoch);
        }

        @Override
        boolean mayCommit(CurrentAssignment current, TopicPartition partition, int memberEpoch) {
            return bug == GroupBug.STALE_EPOCH_COMMITS
                    ? super.mayCommit(current, partition, current.epoch())
                    : super.mayCommit(current, partition, memberEpoch);
        }

        @Override
        CurrentAssignment rejoined(CurrentAssignment former, int newEpoch) {
            return bug == GroupBug.RETURN_WITHOUT_FENCING
                    ? new CurrentAssignment(newEpoch, former.joinEpoch(), former.assigned(), former.revoking())
                    : super.rejoined(former, newEpoch);
        }

        @Override
        int nextGroupEpoch(int groupEpoch, int formerMemberEpoch) {
            return super.nextGroupEpoch(groupEpoch, bug == GroupBug.EPOCHS_REPEAT ? 0 : formerMemberEpoch);
        }

        @Override
        boolean mayExpire(Group group) {
            return super.mayExpire(group) || (bug == GroupBug.EXPIRY_WHILE_REBALANCING && !group.isStable());
        }

        @Override
        boolean mayBelieve(Topics topics, long metadataIndexKnown) {
            return bug == GroupBug.STALE_TOPICS_BELIEVED || super.mayBelieve(topics, metadataIndexKnown);
        }

        @Override
        boolean isSilentTooLong(long silentMillis, MemberTerms terms) {
            return bug != GroupBug.NO_SESSION_TIMEOUT && super.isSilentTooLong(silentMillis, terms);
        }

        @Override
        boolean isRevokingTooLong(long revokingMillis, MemberTerms terms) {
            return bug != GroupBug.NO_REBALANCE_TIMEOUT && super.isRevokingTooLong(revokingMillis, terms);
        }
    }
}
