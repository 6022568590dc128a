package io.weirlog.server.group.core;

/// What happens to the machine.
public sealed interface GroupEvent {
    Now now();

    /// All records of the log have been replayed, and this coordinator is its leader. All members count as heard of
    /// now.
    record Loaded(Now now) implements GroupEvent {}

    /// The first topics, or other ones. Older ones than the records know of are passed over.
    record TopicsChanged(Now now, Topics topics) implements GroupEvent {}

    /// Time has come to [GroupMachine#nextTickMillis].
    record Tick(Now now) implements GroupEvent {}

    record Requested(Now now, Ticket ticket, GroupRequest request) implements GroupEvent {}
}
