package io.weirlog.deploy.history;

/// One thing that a client did or saw. Entries are kept in the order in which they happened: an invocation before the
/// request leaves, an outcome after the answer has come. So if one operation's outcome stands before another's
/// invocation, the first was over when the second began.
public sealed interface Entry {
    /// A record is about to be sent.
    ///
    /// @param send names this one send within the history
    record SendInvoked(String process, long send, int partition, String value) implements Entry {}

    /// It was acknowledged.
    record SendAcked(String process, long send, long offset) implements Entry {}

    /// It is certainly not in the log.
    record SendFailed(String process, long send) implements Entry {}

    /// It may be in the log: a time-out, or a broken connection.
    record SendUnknown(String process, long send) implements Entry {}

    /// A reader begins to read a partition, anew or elsewhere: what it has read before says nothing about what follows.
    record Positioned(String process, int partition, long offset) implements Entry {}

    /// A reader was given a record.
    record Polled(String process, int partition, long offset, String value) implements Entry {}

    /// A partition's end is about to be asked for.
    record EndInvoked(String process, int partition) implements Entry {}

    /// The end that was answered to the last [EndInvoked] of this process.
    record EndListed(String process, int partition, long end) implements Entry {}

    /// What the log holds in the end, when everything is healed: read from its start to its end.
    record FinalRead(int partition, long offset, String value) implements Entry {}
}
