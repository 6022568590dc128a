package io.weirlog.client;

/// What became of the election for one partition.
public record ElectedPartition(PartitionRef partition, Outcome outcome) {
    public enum Outcome {
        /// It has another leader now.
        ELECTED,
        /// Nothing was to be done.
        LEADS_ALREADY,
        UNKNOWN_PARTITION,
        /// Nobody is there who could lead as asked.
        NOT_AVAILABLE
    }
}
