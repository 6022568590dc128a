package io.weirlog.metadata;

import io.weirlog.common.BrokerId;
import java.util.List;
import java.util.Optional;

/// What became of a wish to change who votes.
public sealed interface MembershipResult {
    /// The voters are as wished.
    record Done(List<BrokerId> voters) implements MembershipResult {
        public Done {
            voters = List.copyOf(voters);
        }
    }

    /// Nothing was changed. The message says what to do.
    record Refused(Reason reason, String message) implements MembershipResult {}

    /// This node does not decide: ask `active`, or look for it again.
    record NotActive(Optional<BrokerId> active) implements MembershipResult {}

    /// It may have been changed, or may still be: look at the voters, and ask again.
    record Unknown(String message) implements MembershipResult {}

    enum Reason {
        /// The node votes already, under another address. A voter keeps its address.
        OTHER_ENDPOINT,
        TOO_MANY_VOTERS,
        NOT_A_VOTER,
        LAST_VOTER,
        /// Some voter is silent or far behind, so that the change could leave too few of them.
        QUORUM_AT_RISK,
        /// Another change is not finished.
        CHANGE_UNDER_WAY,
        /// The node to be added does not answer or does not catch up.
        JOINER_UNREACHABLE
    }
}
