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
        var verdict = look(batch);
        if (verdict instanceof Accepted) {
            take(batch);
        }
        return verdict;
    }

    /// As [#judge], but nothing follows from it.
    public ProducerVerdict look(ByteBuffer batch) {
        var header = RecordBatch.of(batch);
        var state = header.hasProducer() ? stateOf(header.producerId()) : null;
        return ProducerState.judge(state, header);
    }

    /// Says that a batch that [#look] has just accepted is to be appended.
    public void take(ByteBuffer batch) {
        var header = RecordBatch.of(batch);
        if (header.hasProducer()) {
            var states = ahead;
            if (states == null) {
                states = new HashMap<>();
                ahead = states;
            }
            var id = header.producerId();
            var state = states.get(id);
            if (state == null) {
                var before = known.get(id);
                state = before == null ? new ProducerState(header.producerEpoch()) : new ProducerState(before);
                states.put(id, state);
            }
            state.appended(header, endOffset);
        }
        endOffset += header.lastOffsetDelta() + 1L;
    }

    private @Nullable ProducerState stateOf(long producerId) {
        var state = ahead == null ? null : ahead.get(producerId);
        return state == null ? known.get(producerId) : state;
    }
}
