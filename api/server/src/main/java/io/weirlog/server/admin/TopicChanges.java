package io.weirlog.server.admin;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.MetadataClient;
import io.weirlog.metadata.core.ElectionKind;
import io.weirlog.metadata.core.ElectionResult;
import io.weirlog.metadata.core.ItemResult;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RejectReason;
import io.weirlog.metadata.core.ReplicaMove;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.metadata.core.TopicRef;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.internal.TopicOpenings;
import io.weirlog.v1.AlterReassignmentsRequest;
import io.weirlog.v1.AlterReassignmentsResponse;
import io.weirlog.v1.AlterTopicRequest;
import io.weirlog.v1.AlterTopicResponse;
import io.weirlog.v1.CreatePartitionsRequest;
import io.weirlog.v1.CreatePartitionsResponse;
import io.weirlog.v1.ElectLeadersRequest;
import io.weirlog.v1.ElectLeadersResponse;
import io.weirlog.v1.ElectionOutcome;
import io.weirlog.v1.MoveResult;
import io.weirlog.v1.PartitionMove;
import io.weirlog.v1.Problem;
import io.weirlog.v1.Replicas;
import io.weirlog.wire.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;

/// Changes of topics that exist: their configs, their partitions, who holds and who leads these.
final class TopicChanges {
    private final TopicLookup topics;
    private final MetadataClient metadata;
    private final TopicOpenings openings;
    private final TopicDescriptions descriptions;
    private final Function<Throwable, Problem> unavailable;
    private final Executor executor;

    TopicChanges(
            TopicLookup topics,
            MetadataClient metadata,
            TopicOpenings openings,
            TopicDescriptions descriptions,
            Function<Throwable, Problem> unavailable,
            Executor executor) {
        this.topics = topics;
        this.metadata = metadata;
        this.openings = openings;
        this.descriptions = descriptions;
        this.unavailable = unavailable;
        this.executor = executor;
    }

    void alterTopic(AlterTopicRequest request, StreamObserver<AlterTopicResponse> response) {
        requestId(request.getRequestId(), response).ifPresent(requestId -> {
            var command = new MetadataCommand.AlterTopicConfigs(
                    requestId,
                    new TopicRef.ByName(request.getName()),
                    request.getSetConfigsMap(),
                    Set.copyOf(request.getDeleteConfigsList()));
            change(command, request.getValidateOnly(), request.getName(), response, done -> {
                var answer = AlterTopicResponse.newBuilder();
                if (done) {
                    answer.setMetadataIndex(topics.image().index());
                    topics.image()
                            .topic(request.getName())
                            .ifPresent(topic -> answer.setTopic(descriptions.describe(topic)));
                }
                return answer.build();
            });
        });
    }

    void createPartitions(CreatePartitionsRequest request, StreamObserver<CreatePartitionsResponse> response) {
        if (refused(request.getReplicasList(), response)) {
            return;
        }
        requestId(request.getRequestId(), response).ifPresent(requestId -> {
            var command = new MetadataCommand.CreatePartitions(
                    requestId,
                    new TopicRef.ByName(request.getName()),
                    request.getPartitions(),
                    replicas(request.getReplicasList()));
            change(command, request.getValidateOnly(), request.getName(), response, done -> {
                var answer = CreatePartitionsResponse.newBuilder();
                if (done) {
                    topics.image().topic(request.getName()).ifPresent(openings::await);
                    answer.setMetadataIndex(topics.image().index());
                    topics.image()
                            .topic(request.getName())
                            .ifPresent(topic -> answer.setTopic(descriptions.describe(topic)));
                }
                return answer.build();
            });
        });
    }

    void electLeaders(ElectLeadersRequest request, StreamObserver<ElectLeadersResponse> response) {
        requestId(request.getRequestId(), response).ifPresent(requestId -> {
            var kind = switch (request.getKind()) {
                case ELECTION_KIND_UNSPECIFIED, ELECTION_KIND_PREFERRED -> Optional.of(ElectionKind.PREFERRED);
                case ELECTION_KIND_UNCLEAN -> Optional.of(ElectionKind.UNCLEAN);
                case UNRECOGNIZED -> Optional.<ElectionKind>empty();
            };
            if (kind.isEmpty()) {
                fail(response, ServerProblems.invalidRequest("`kind` is one that this version does not know"));
                return;
            }
            var partitions = request.getPartitionsList().stream()
                    .map(partition -> partition(partition.getTopic(), partition.getPartition()))
                    .toList();
            propose(new MetadataCommand.ElectLeaders(requestId, kind.get(), partitions), "", response, reply -> {
                var elected = (MetadataReply.LeadersElected) reply;
                return ElectLeadersResponse.newBuilder()
                        .addAllOutcomes(elected.results().stream()
                                .map(TopicChanges::outcome)
                                .toList())
                        .setMetadataIndex(elected.index())
                        .build();
            });
        });
    }

    private static ElectionOutcome outcome(ElectionResult result) {
        return switch (result) {
            case ELECTED -> ElectionOutcome.ELECTION_OUTCOME_ELECTED;
            case LEADS_ALREADY -> ElectionOutcome.ELECTION_OUTCOME_LEADS_ALREADY;
            case UNKNOWN_PARTITION -> ElectionOutcome.ELECTION_OUTCOME_UNKNOWN_PARTITION;
            case NOT_AVAILABLE -> ElectionOutcome.ELECTION_OUTCOME_NOT_AVAILABLE;
        };
    }

    void alterReassignments(AlterReassignmentsRequest request, StreamObserver<AlterReassignmentsResponse> response) {
        if (refused(
                request.getMovesList().stream().map(PartitionMove::getTarget).toList(), response)) {
            return;
        }
        requestId(request.getRequestId(), response).ifPresent(requestId -> {
            var moves = new ArrayList<ReplicaMove>(request.getMovesCount());
            for (var move : request.getMovesList()) {
                moves.add(new ReplicaMove(
                        partition(move.getTopic(), move.getPartition()),
                        move.hasTarget() ? Optional.of(brokers(move.getTarget())) : Optional.empty()));
            }
            var command = new MetadataCommand.AlterReassignments(requestId, moves, request.getOnlySettled());
            propose(command, "", response, reply -> {
                var batch = (MetadataReply.Batch) reply;
                var answer = AlterReassignmentsResponse.newBuilder().setMetadataIndex(batch.index());
                for (int i = 0; i < moves.size(); i++) {
                    answer.addResults(result(batch.results().get(i), request.getMoves(i)));
                }
                return answer.build();
            });
        });
    }

    private MoveResult result(ItemResult result, PartitionMove move) {
        var answer = MoveResult.newBuilder();
        if (result instanceof ItemResult.Refused(var reason, var message)) {
            var problem = reason == RejectReason.PARTITION_NOT_FOUND
                    ? topics.unknown(move.getTopic(), move.getPartition())
                    : Rejections.problem(new MetadataReply.Rejected(reason, message), move.getTopic());
            answer.setProblem(problem);
        }
        return answer.build();
    }

    /// What cannot be found gets an id that no topic has: the machine then says so, in its place of the answer.
    private TopicPartition partition(String topic, int partition) {
        return topics.image()
                .topic(topic)
                .filter(_ -> partition >= 0)
                .map(known -> new TopicPartition(known.id(), partition))
                .orElseGet(() -> new TopicPartition(new TopicId(UUID.randomUUID()), 0));
    }

    /// Whether a list of replicas names what can be no broker; the request has been refused for it then.
    static boolean refused(List<Replicas> replicas, StreamObserver<?> response) {
        boolean wrong = replicas.stream()
                .flatMap(each -> each.getBrokerIdsList().stream())
                .anyMatch(id -> id < 0);
        if (wrong) {
            fail(response, ServerProblems.invalidRequest("`broker_ids` are not negative"));
        }
        return wrong;
    }

    static List<List<BrokerId>> replicas(List<Replicas> replicas) {
        return replicas.stream().map(TopicChanges::brokers).toList();
    }

    private static List<BrokerId> brokers(Replicas replicas) {
        return replicas.getBrokerIdsList().stream().map(BrokerId::new).toList();
    }

    static List<Integer> numbers(List<BrokerId> brokers) {
        return brokers.stream().map(BrokerId::value).toList();
    }

    private <T> void change(
            MetadataCommand command,
            boolean validateOnly,
            String topic,
            StreamObserver<T> response,
            Function<Boolean, T> answer) {
        if (!validateOnly) {
            propose(command, topic, response, _ -> answer.apply(true));
        } else if (topics.image().dryRun(command) instanceof MetadataReply.Rejected rejected) {
            fail(response, Rejections.problem(rejected, topic));
        } else {
            answer(response, answer.apply(false));
        }
    }

    private <T> void propose(
            MetadataCommand command, String topic, StreamObserver<T> response, Function<MetadataReply, T> answer) {
        Consumer<MetadataReply> replied = reply -> {
            if (reply instanceof MetadataReply.Rejected rejected) {
                fail(response, Rejections.problem(rejected, topic));
            } else {
                answer(response, answer.apply(reply));
            }
        };
        var _ = metadata.propose(command)
                .whenCompleteAsync(
                        (reply, failure) -> {
                            if (failure != null) {
                                fail(response, unavailable.apply(failure));
                            } else {
                                replied.accept(reply);
                            }
                        },
                        executor);
    }

    /// The request's own id, or a new one; empty if the request has been refused for it.
    private static Optional<RequestId> requestId(ByteString bytes, StreamObserver<?> response) {
        if (bytes.isEmpty()) {
            return Optional.of(new RequestId(UUID.randomUUID()));
        }
        if (bytes.size() != 16) {
            fail(response, ServerProblems.invalidRequest("`request_id` must have 16 bytes"));
            return Optional.empty();
        }
        return Optional.of(new RequestId(TopicId.fromBytes(bytes.toByteArray()).value()));
    }

    private static <T> void answer(StreamObserver<T> response, T message) {
        response.onNext(message);
        response.onCompleted();
    }

    private static void fail(StreamObserver<?> response, Problem problem) {
        response.onError(Problems.toStatus(problem));
    }
}
