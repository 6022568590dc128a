package io.weirlog.server.admin;

import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.v1.HealthProblem;
import io.weirlog.v1.HealthProblemKind;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// What is wrong with a cluster.
final class ClusterHealth {
    private static final int NAMED_MAX = 10;

    private ClusterHealth() {}

    /// @param active whether a controller that decides is known
    static List<HealthProblem> problems(MetadataImage image, boolean active) {
        List<HealthProblem> problems = new ArrayList<>();
        if (!active) {
            problems.add(HealthProblem.newBuilder()
                    .setKind(HealthProblemKind.HEALTH_PROBLEM_KIND_NO_ACTIVE_CONTROLLER)
                    .setCount(1)
                    .setMessage("no controller leads: nothing of the metadata can be changed")
                    .build());
        }
        add(
                problems,
                HealthProblemKind.HEALTH_PROBLEM_KIND_LEADERLESS_PARTITIONS,
                "partitions have no leader",
                partitions(image, partition -> partition.leader().isEmpty()));
        add(
                problems,
                HealthProblemKind.HEALTH_PROBLEM_KIND_UNDER_REPLICATED_PARTITIONS,
                "partitions have replicas that are not in sync",
                partitions(
                        image,
                        partition -> partition.inSyncReplicas().size()
                                < partition.replicas().size()));
        add(
                problems,
                HealthProblemKind.HEALTH_PROBLEM_KIND_FENCED_BROKERS,
                "brokers are out of service",
                image.brokers().stream()
                        .filter(BrokerImage::fenced)
                        .map(broker -> "broker " + broker.id())
                        .toList());
        return problems;
    }

    private static List<String> partitions(MetadataImage image, Predicate<PartitionImage> condition) {
        return image.topics().stream()
                .flatMap(topic -> topic.partitions().stream()
                        .filter(condition)
                        .map(partition -> topic.name() + "-" + partition.partition()))
                .toList();
    }

    private static void add(List<HealthProblem> problems, HealthProblemKind kind, String what, List<String> named) {
        if (!named.isEmpty()) {
            var first = String.join(", ", named.subList(0, Math.min(NAMED_MAX, named.size())));
            problems.add(HealthProblem.newBuilder()
                    .setKind(kind)
                    .setCount(named.size())
                    .setMessage(named.size() + " " + what + ": " + first + (named.size() > NAMED_MAX ? ", ..." : ""))
                    .build());
        }
    }
}
