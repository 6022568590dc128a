package io.weirlog.replication;

/// What another broker sent that was refused. None of it harms a partition; all of it is worth a look.
public enum BadInput {
    /// A stream from a broker of another cluster, or one that is not known, or meant for another node.
    STREAM,
    /// A message that cannot be, or not at its place: the stream is closed.
    MESSAGE,
    /// More credit than there are bytes under way: the stream is closed.
    CREDIT,
    /// An opening by a former life of a broker, or by one that has no replica.
    OPENING,
    /// An acknowledgement beyond the log's end, or one that goes back.
    ACKNOWLEDGEMENT,
    /// Batches that do not continue the log, are damaged, or are of a later epoch than the leader's.
    BATCHES
}
