package io.weirlog.client;

import java.util.List;

/// Deals with the records of a group's partitions, for [WeirlogClient#process].
public interface RecordsHandler {
    /// Called for one list after the other, on one thread. Once it returns, the records count as dealt with and may
    /// be committed; if it throws, they do not, and the processor ends.
    ///
    /// @param records not empty; those of one partition in offset order
    /// @param consumer to commit, seek or pause with; its `poll` is not for the handler
    void handle(List<ConsumerRecord> records, GroupConsumer consumer) throws Exception;
}
