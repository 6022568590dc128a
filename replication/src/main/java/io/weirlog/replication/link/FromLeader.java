package io.weirlog.replication.link;

import io.weirlog.common.TopicPartition;
import io.weirlog.replication.core.LeaderMessage;

/// What has come from a leader's broker about one partition.
///
/// @param bytes of batches: credit to give back once they are dealt with
/// @param release gives back the memory that the batches lie in; they must not be touched after it
public record FromLeader(TopicPartition partition, LeaderMessage message, int bytes, Runnable release) {}
