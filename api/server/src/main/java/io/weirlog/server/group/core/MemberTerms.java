package io.weirlog.server.group.core;

import java.util.Optional;

/// What a member said of itself.
///
/// @param clientId for people who look at the group; may be empty
/// @param rack for people who look at the group; may be empty
public record MemberTerms(
        Optional<InstanceId> instance,
        String clientId,
        String rack,
        Subscription subscription,
        int sessionMillis,
        int rebalanceMillis,
        AssignorKind assignor) {}
