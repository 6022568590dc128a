package io.weirlog.metadata.ratis;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftClientRequest;

/// The commands under way from this node, and which of them have reached the log.
///
/// Ratis answers "not the leader" both to a command that it turned away and to one that it appended before it
/// stepped down; only the first is certain not to be applied. The state machine sees every append, so it can
/// tell them apart.
final class Attempts {
    private final ClientId clientId = ClientId.randomId();
    private final AtomicLong callIds = new AtomicLong();
    private final ConcurrentHashMap<Long, Boolean> appendedByCallId = new ConcurrentHashMap<>();

    ClientId clientId() {
        return clientId;
    }

    /// Begins an attempt; [#end] must follow.
    long begin() {
        long callId = callIds.incrementAndGet();
        appendedByCallId.put(callId, false);
        return callId;
    }

    void appending(RaftClientRequest request) {
        if (request.getClientId().equals(clientId)) {
            appendedByCallId.replace(request.getCallId(), true);
        }
    }

    /// Whether the attempt got as far as the log.
    boolean end(long callId) {
        return Boolean.TRUE.equals(appendedByCallId.remove(callId));
    }
}
