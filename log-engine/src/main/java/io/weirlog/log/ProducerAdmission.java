package io.weirlog.log;

import io.weirlog.common.Offset;
import io.weirlog.log.ProducerVerdict.Accepted;
import io.weirlog.record.RecordBatch;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Judges, before an append, the batches that are to go into it: each as if those before it that were accepted were
/// in the log already. So of two equal ones in one append the second is a duplicate. The log itself learns of them
/// only when they are appended; until then nobody else may append. By the log's owner.
public final class ProducerAdmission {
    private final Map<Long, ProducerState> known;
    /// Those of the known ones, and others, that have a batch in the append. Made when the first has.
    private @Nullable Map<Long, ProducerState> ahead;

    private long endOffset;

    ProducerAdmission(Map<Long, ProducerState> known, long endOffset) {
        this.known = known;
        this.endOffset = endOffset;
    }

    /// Where the next batch goes if it is accepted: after all that were.
    public Offset endOffset() {
        return new Offset(endOffset);
    }

    /// What is to be done with the next batch. If it is accepted it must be appended, after all that were before.
    ///
    /// @param batch one valid batch
    public ProducerVerdict judge(ByteBuffer batch) {
        var header = RecordBatch.of(batch);
        if (!header.hasProducer()) {
            endOffset += header.lastOffsetDelta() + 1L;
            return ProducerState.ACCEPTED;
        }
        var id = header.producerId();
        var states = ahead;
        var state = states == null ? null : states.get(id);
        var judged = state == null ? known.get(id) : state;
        var verdict = judged == null ? ProducerState.ACCEPTED : judged.judge(header);
        if (verdict instanceof Accepted) {
            if (states == null) {
                states = new HashMap<>();
                ahead = states;
            }
            if (state == null) {
                state = judged == null ? new ProducerState(header.producerEpoch()) : new ProducerState(judged);
                states.put(id, state);
            }
            state.appended(header, endOffset);
            endOffset += header.lastOffsetDelta() + 1L;
        }
        return verdict;
    }
}
