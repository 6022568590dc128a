package io.weirlog.server.consume;

import io.weirlog.common.TopicPartition;
import io.weirlog.v1.CommitOffsetsRequest;
import io.weirlog.v1.CommitOffsetsResponse;
import io.weirlog.v1.FetchOffsetsRequest;
import io.weirlog.v1.FetchOffsetsResponse;
import io.weirlog.v1.HeartbeatRequest;
import io.weirlog.v1.HeartbeatResponse;
import io.weirlog.v1.LeaveRequest;
import io.weirlog.v1.LeaveResponse;
import java.util.concurrent.CompletableFuture;

/// The coordinators of groups, wherever they are. All answers fail with what the client is to be told
/// ([io.weirlog.server.relay.RelayException]), and come on any thread.
public interface GroupPort {
    /// @param waitMillisMax how long to look for the coordinator and to wait for its answer
    CompletableFuture<HeartbeatResponse> heartbeat(HeartbeatRequest request, long waitMillisMax);

    CompletableFuture<LeaveResponse> leave(LeaveRequest request, long waitMillisMax);

    CompletableFuture<CommitOffsetsResponse> commit(CommitOffsetsRequest request, long waitMillisMax);

    /// Tells that a partition's log has come so far: a commit up to there is not beyond its end.
    void reached(TopicPartition partition, long end);

    CompletableFuture<FetchOffsetsResponse> offsets(FetchOffsetsRequest request, long waitMillisMax);
}
