package io.weirlog.server.internal;

import io.grpc.Status;
import io.weirlog.common.BrokerId;
import io.weirlog.internal.v1.Caller;
import io.weirlog.server.ServerProblems;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.Map;
import java.util.Optional;

/// Who this node is among the others. Every call between nodes says who calls and whom it means, so that an address
/// that leads to the wrong node or cluster does no harm.
public record NodeIdentity(String clusterId, BrokerId nodeId) {
    public Caller callerTo(BrokerId node) {
        return Caller.newBuilder()
                .setClusterId(clusterId)
                .setFromNodeId(nodeId.value())
                .setToNodeId(node.value())
                .build();
    }

    /// What is wrong with a call that came here; empty if it may go on.
    public Optional<Problem> check(Caller caller) {
        if (!caller.getClusterId().equals(clusterId)) {
            return Optional.of(ServerProblems.clusterMismatch(caller.getClusterId(), clusterId));
        }
        if (caller.getToNodeId() != nodeId.value()) {
            return Optional.of(Problems.problem(
                    Status.Code.FAILED_PRECONDITION,
                    ErrorReason.ERROR_REASON_NODE_MISMATCH,
                    "node " + caller.getFromNodeId() + " calls node " + caller.getToNodeId() + ", but this is node "
                            + nodeId + ": check controller.quorum",
                    Map.of("node_id", nodeId.toString())));
        }
        if (caller.getFromNodeId() < 0) {
            return Optional.of(ServerProblems.invalidRequest("a call from a node without an id"));
        }
        return Optional.empty();
    }
}
