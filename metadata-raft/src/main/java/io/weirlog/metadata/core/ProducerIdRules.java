package io.weirlog.metadata.core;

import io.weirlog.metadata.core.MetadataCommand.AllocateProducerIds;
import java.util.List;

/// Brokers get blocks of producer ids, from which they hand out ids without asking. No id is given twice: a
/// block that is lost with its broker stays unused.
final class ProducerIdRules {
    private ProducerIdRules() {}

    static Decision allocate(MetadataState state, AllocateProducerIds command) {
        return BrokerRules.guarded(state, command.brokerId(), command.epoch(), broker -> {
            long first = state.nextProducerId();
            int count = MetadataLimits.PRODUCER_ID_BLOCK_IDS;
            if (first > MetadataLimits.PRODUCER_IDS_END - count) {
                return Decision.reject(RejectReason.LIMIT_EXCEEDED, "all producer ids are used up");
            }
            return new Decision(
                    List.of(new MetadataEvent.ProducerIdsAllocated(first + count)),
                    new MetadataReply.ProducerIdsAllocated(first, count, state.index()));
        });
    }
}
