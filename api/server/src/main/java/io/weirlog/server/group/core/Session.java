package io.weirlog.server.group.core;

import io.weirlog.common.TopicPartition;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/// What the coordinator remembers of a member without writing it down. It begins anew with each coordinator.
final class Session {
    /// Since when each revoked partition has not been acknowledged.
    private final NavigableMap<TopicPartition, Long> revokedAtMillis = new TreeMap<>();

    private long heardAtMillis;
    private Optional<Waiter> waiter = Optional.empty();

    /// A heartbeat that waits for something new.
    ///
    /// @param instance under which its sender joined
    /// @param knownEpoch the newest member epoch that its sender knows
    record Waiter(Ticket ticket, Optional<InstanceId> instance, int knownEpoch, long untilMillis) {}

    Session(long nowMillis) {
        heardAtMillis = nowMillis;
    }

    void heard(long nowMillis) {
        heardAtMillis = nowMillis;
    }

    long silentMillis(long nowMillis) {
        return nowMillis - heardAtMillis;
    }

    void revoking(CurrentAssignment current, long nowMillis) {
        revokedAtMillis.keySet().retainAll(current.revoking().keySet());
        current.revoking().keySet().forEach(partition -> revokedAtMillis.putIfAbsent(partition, nowMillis));
    }

    /// How long the oldest revocation has not been acknowledged; empty if there is none.
    OptionalLong revokingMillis(long nowMillis) {
        return revokedAtMillis.values().stream()
                .mapToLong(since -> nowMillis - since)
                .max();
    }

    Optional<Waiter> waiter() {
        return waiter;
    }

    void waits(Waiter one) {
        waiter = Optional.of(one);
    }

    void waitsNoMore() {
        waiter = Optional.empty();
    }

    /// When something has to be done about the member if nothing happens.
    long dueAtMillis(MemberTerms terms) {
        var due = heardAtMillis + terms.sessionMillis();
        for (var since : revokedAtMillis.values()) {
            due = Math.min(due, since + terms.rebalanceMillis());
        }
        return waiter.isPresent() ? Math.min(due, waiter.get().untilMillis()) : due;
    }
}
