package io.weirlog.metadata.core;

import io.weirlog.common.Invariant;
import java.util.Collection;
import java.util.Optional;
import org.pcollections.HashPMap;
import org.pcollections.HashTreePMap;
import org.pcollections.TreePMap;

/// The answers to recent requests, so that a retry gets the first answer. An answer is forgotten
/// [MetadataLimits#REQUEST_WINDOW_ENTRIES] entries after its own: the log index is the only clock that all
/// voters share.
public final class RequestLog {
    /// @param index of the log entry that was answered
    public record Answer(RequestId requestId, long index, MetadataReply reply) {}

    static final RequestLog EMPTY = new RequestLog(TreePMap.empty(), HashTreePMap.empty());

    private final TreePMap<Long, Answer> byIndex;
    private final HashPMap<RequestId, Answer> byRequest;

    private RequestLog(TreePMap<Long, Answer> byIndex, HashPMap<RequestId, Answer> byRequest) {
        this.byIndex = byIndex;
        this.byRequest = byRequest;
    }

    Optional<MetadataReply> find(RequestId requestId) {
        return Optional.ofNullable(byRequest.get(requestId)).map(Answer::reply);
    }

    RequestLog plus(Answer answer) {
        Invariant.check(
                byIndex.isEmpty() || byIndex.lastKey() < answer.index(),
                "M2: answers out of order at %s",
                answer.index());
        Invariant.check(!byRequest.containsKey(answer.requestId()), "request %s answered twice", answer.requestId());
        return new RequestLog(byIndex.plus(answer.index(), answer), byRequest.plus(answer.requestId(), answer));
    }

    /// Without the answers that are out of the window at `index`.
    RequestLog expiredAt(long index) {
        var log = this;
        while (!log.byIndex.isEmpty() && index - log.byIndex.firstKey() >= MetadataLimits.REQUEST_WINDOW_ENTRIES) {
            var oldest = log.byIndex.firstEntry().getValue();
            log = new RequestLog(log.byIndex.minusFirstEntry(), log.byRequest.minus(oldest.requestId()));
        }
        return log;
    }

    /// In the order of the log.
    public Collection<Answer> answers() {
        return byIndex.values();
    }
}
