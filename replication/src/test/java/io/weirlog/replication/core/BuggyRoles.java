package io.weirlog.replication.core;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.Offset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Roles with one known bug put back.
public final class BuggyRoles extends Roles {
    private final Bug bug;

    public BuggyRoles(Bug bug) {
        this.bug = bug;
    }

    @Override
    public LeaderPartition leader(
            LeaderPartition.Terms terms,
            PartitionMetadata metadata,
            LogOutline log,
            Offset knownHighWatermark,
            long nowMillis) {
        var known = bug == Bug.WATERMARK_AT_LOG_END ? log.end() : knownHighWatermark;
        return new Leader(bug, terms, new InSync(bug, metadata), log, known, nowMillis);
    }

    @Override
    public FollowerPartition follower(
            FollowerPartition.Terms terms,
            LogOutline log,
            Offset knownHighWatermark,
            StreamSession lastSession,
            long nowMillis) {
        return new Follower(bug, terms, log, knownHighWatermark, lastSession, nowMillis);
    }

    private static final class InSync extends InSyncSet {
        private final Bug bug;

        InSync(Bug bug, PartitionMetadata metadata) {
            super(metadata);
            this.bug = bug;
        }

        @Override
        List<BrokerId> maximal() {
            return switch (bug) {
                case COUNT_COMMITTED_ONLY -> metadata().inSync();
                case SHRINK_BEFORE_GRANTED -> wanted().orElseGet(super::maximal);
                default -> super.maximal();
            };
        }

        @Override
        void unknown(long number) {
            if (bug == Bug.FORGET_UNKNOWN_OUTCOME) {
                refused(number, false);
            } else {
                super.unknown(number);
            }
        }

        @Override
        boolean isBelowMinimum() {
            return bug != Bug.NO_FREEZE_BELOW_MINIMUM && super.isBelowMinimum();
        }
    }

    private static final class Leader extends LeaderPartition {
        private final Bug bug;
        private final LogOutline log;
        private final Offset epochStart;

        Leader(Bug bug, LeaderPartition.Terms terms, InSyncSet inSync, LogOutline log, Offset known, long nowMillis) {
            super(terms, inSync, log, known, nowMillis);
            this.bug = bug;
            this.epochStart = log.end();
            this.log = log;
        }

        @Override
        public List<LeaderEffect> step(LeaderEvent event) {
            if (bug == Bug.EARLY_WATERMARK && event instanceof LeaderEvent.FollowerOpened(var follower, var open)) {
                var progress = new LeaderMessage.Progress(highWatermark(), log.start());
                var effects = new ArrayList<LeaderEffect>();
                effects.add(new LeaderEffect.Answer(follower, new LeaderMessage.Moved(open.session(), progress)));
                effects.addAll(super.step(event));
                return effects;
            }
            return super.step(event);
        }

        @Override
        Optional<Offset> acknowledgedEnd(BrokerId replica) {
            var end = super.acknowledgedEnd(replica);
            return bug == Bug.ACKNOWLEDGED_IN_FORMER_EPOCH && end.isEmpty() ? Optional.of(epochStart) : end;
        }

        @Override
        DivergenceCheck compare(FollowerMessage.Open open) {
            if (bug == Bug.IGNORE_MISSING_EPOCH
                    && super.compare(open) instanceof DivergenceCheck.Diverged(var epoch, var end)
                    && !open.logEnd().isAfter(end)) {
                return new DivergenceCheck.Prefix();
            }
            if (bug == Bug.NO_DIVERGENCE_CHECK
                    && !open.logEnd().isAfter(log.end())
                    && !open.logEnd().isBefore(log.start())) {
                return new DivergenceCheck.Prefix();
            }
            return super.compare(open);
        }

        @Override
        void reopened(ReplicaProgress progress, FollowerMessage.Open open, boolean accepted) {
            var before = progress.acknowledgedEnd();
            super.reopened(progress, open, accepted);
            if (bug == Bug.KEEP_ACKNOWLEDGEMENTS) {
                before.ifPresent(end -> progress.acknowledged(end, log.end(), 0));
            }
        }

        @Override
        boolean mayJoin(BrokerId replica, ReplicaProgress progress) {
            var end = progress.acknowledgedEnd();
            return switch (bug) {
                case JOIN_AT_STALE_WATERMARK ->
                    isEligible(replica, progress)
                            && end.isPresent()
                            && !end.get().isBefore(highWatermark());
                case JOIN_WITHOUT_CATCHING_UP -> isEligible(replica, progress) && end.isPresent();
                case UNCHECKED_BROKER_EPOCH -> isInService(replica) && hasCaughtUp(progress);
                default -> super.mayJoin(replica, progress);
            };
        }

        @Override
        Optional<BrokerEpoch> joiningEpoch(BrokerId replica, ReplicaProgress progress) {
            return bug == Bug.UNCHECKED_BROKER_EPOCH ? registeredEpoch(replica) : super.joiningEpoch(replica, progress);
        }
    }

    private static final class Follower extends FollowerPartition {
        private final Bug bug;
        private final LogOutline log;

        Follower(
                Bug bug,
                FollowerPartition.Terms terms,
                LogOutline log,
                Offset known,
                StreamSession lastSession,
                long nowMillis) {
            super(terms, log, known, lastSession, nowMillis);
            this.bug = bug;
            this.log = log;
        }

        @Override
        Offset cutFor(LeaderMessage.Diverged diverged) {
            return switch (bug) {
                case TRUNCATE_TO_WATERMARK -> highWatermark();
                default -> super.cutFor(diverged);
            };
        }

        @Override
        boolean mayAdopt() {
            return bug == Bug.EARLY_WATERMARK || super.mayAdopt();
        }

        @Override
        Offset watermarkAfterCut() {
            return bug == Bug.STALE_WATERMARK_AFTER_START_OVER ? highWatermark() : super.watermarkAfterCut();
        }

        @Override
        Offset safeEnd() {
            return bug == Bug.ACKNOWLEDGE_UNSYNCED ? log.end() : super.safeEnd();
        }
    }
}
