package io.weirlog.client;

import io.weirlog.common.BrokerId;
import io.weirlog.v1.AddControllerRequest;
import io.weirlog.v1.Controller;
import io.weirlog.v1.DescribeQuorumRequest;
import io.weirlog.v1.DescribeQuorumResponse;
import io.weirlog.v1.ExportMetadataRequest;
import io.weirlog.v1.HashMetadataRequest;
import io.weirlog.v1.QuorumServiceGrpc;
import io.weirlog.v1.RemoveControllerRequest;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Administers the controllers. Every call blocks until it is done or a time is up, and may be made again after a
/// failure: what is done already succeeds. Thread-safe.
public final class Controllers {
    /// A new controller gets the whole log or a snapshot before it votes.
    private static final Duration CHANGE_MAX = Duration.ofSeconds(90);

    private final UnaryCalls calls;
    private final Duration timeout;

    Controllers(UnaryCalls calls) {
        this.calls = calls;
        this.timeout = calls.connections().config().requestTimeout();
    }

    /// @throws WeirlogException `METADATA_UNAVAILABLE`
    public ControllersDescription describe() {
        return description(calls.call(
                QuorumServiceGrpc.getDescribeQuorumMethod(), DescribeQuorumRequest.getDefaultInstance(), timeout));
    }

    /// Lets a node vote that was started to join and waits.
    ///
    /// @param address where the other controllers will reach it, "host:port"; it cannot be changed later
    /// @return all who vote then
    /// @throws WeirlogException `QUORUM_CHANGE_REFUSED`, `METADATA_UNAVAILABLE`
    public List<BrokerId> add(BrokerId node, String address) {
        var request = AddControllerRequest.newBuilder()
                .setNodeId(node.value())
                .setAddress(address)
                .build();
        return ids(calls.call(QuorumServiceGrpc.getAddControllerMethod(), request, CHANGE_MAX)
                .getVoterNodeIdsList());
    }

    /// Takes the vote of a node, living or gone.
    ///
    /// @return all who vote then
    /// @throws WeirlogException `QUORUM_CHANGE_REFUSED`, `METADATA_UNAVAILABLE`
    public List<BrokerId> remove(BrokerId node) {
        var request =
                RemoveControllerRequest.newBuilder().setNodeId(node.value()).build();
        return ids(calls.call(QuorumServiceGrpc.getRemoveControllerMethod(), request, CHANGE_MAX)
                .getVoterNodeIdsList());
    }

    /// @param index the log entry after which the metadata have that hash
    public record MetadataHash(BrokerId node, long index, String hash) {}

    /// The hash of the metadata as some node has them now.
    public MetadataHash hash() {
        var answer = calls.call(
                QuorumServiceGrpc.getHashMetadataMethod(), HashMetadataRequest.getDefaultInstance(), timeout);
        return new MetadataHash(new BrokerId(answer.getNodeId()), answer.getMetadataIndex(), answer.getHash());
    }

    /// All metadata as some node has them now.
    ///
    /// @return a metadata snapshot, as `docs/formats.md` describes it
    /// @throws WeirlogException `METADATA_UNAVAILABLE`
    public byte[] export() {
        var data = new ByteArrayOutputStream();
        calls.stream(
                QuorumServiceGrpc.getExportMetadataMethod(),
                ExportMetadataRequest.getDefaultInstance(),
                CHANGE_MAX,
                piece -> data.writeBytes(piece.getData().toByteArray()));
        return data.toByteArray();
    }

    private static List<BrokerId> ids(List<Integer> ids) {
        return ids.stream().map(BrokerId::new).toList();
    }

    private static ControllersDescription description(DescribeQuorumResponse answer) {
        return new ControllersDescription(
                answer.hasActiveNodeId() ? Optional.of(new BrokerId(answer.getActiveNodeId())) : Optional.empty(),
                answer.getTerm(),
                answer.getLogEnd(),
                answer.getCommitEnd(),
                answer.getControllersList().stream()
                        .map(Controllers::controller)
                        .toList());
    }

    private static ControllerDescription controller(Controller controller) {
        Optional<ControllerDescription.Progress> progress = Optional.empty();
        if (controller.hasProgress()) {
            var given = controller.getProgress();
            var contact = given.getSinceLastContact();
            progress = Optional.of(new ControllerDescription.Progress(
                    given.getMatchEnd(),
                    given.getLagEntries(),
                    Duration.ofSeconds(contact.getSeconds(), contact.getNanos())));
        }
        return new ControllerDescription(
                new BrokerId(controller.getNodeId()), controller.getAddress(), controller.getJoining(), progress);
    }
}
