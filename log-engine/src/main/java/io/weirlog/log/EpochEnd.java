package io.weirlog.log;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;

/// Where an epoch's records end in this log (KIP-101, KIP-279): the largest epoch that is not after the asked one.
public record EpochEnd(LeaderEpoch epoch, Offset endOffset) {}
