package io.weirlog.server.group.core;

import io.weirlog.common.TopicPartition;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// Somebody who looks at groups, commits for one that never has members, and deletes it at times.
final class SimTool {
    private final GroupSim sim;

    SimTool(GroupSim sim) {
        this.sim = sim;
    }

    void work() {
        sim.queue().after(200 + sim.random().nextInt(800), this::work);
        switch (sim.random().nextInt(5)) {
            case 0 -> fetch(GroupSim.GROUP);
            case 1 -> fetch(GroupSim.TOOLS);
            case 2 -> ask(new GroupRequest.DescribeGroup(GroupSim.GROUP));
            case 3 -> commit();
            default -> {
                if (sim.random().nextInt(8) == 0) {
                    sim.oracle().deletes(GroupSim.TOOLS);
                    ask(new GroupRequest.DeleteGroup(GroupSim.TOOLS, false));
                }
            }
        }
    }

    private SimGroupBroker broker() {
        return sim.random().nextInt(3) > 0
                ? sim.leader()
                : sim.brokers().get(sim.random().nextInt(sim.brokers().size()));
    }

    private void ask(GroupRequest request) {
        sim.call(broker(), request, (_, _) -> {}, () -> {});
    }

    private void fetch(GroupId group) {
        var request = new GroupRequest.FetchOffsets(group, Optional.empty(), Optional.empty());
        var read = sim.oracle().reading(group, Optional.empty());
        sim.call(
                broker(),
                request,
                (reply, by) -> {
                    if (reply instanceof GroupReply.Offsets(var offsets)) {
                        sim.oracle()
                                .partitions(group)
                                .forEach(partition ->
                                        read.got(partition, Optional.ofNullable(offsets.get(partition)), by));
                        offsets.forEach((partition, offset) -> read.got(partition, Optional.of(offset), by));
                    }
                },
                () -> {});
    }

    private void commit() {
        var topics = List.copyOf(sim.currentTopics().byName().values());
        if (topics.isEmpty()) {
            return;
        }
        var topic = topics.get(sim.random().nextInt(topics.size()));
        var partition = new TopicPartition(topic.id(), 0);
        var offset = sim.oracle().committing(GroupSim.TOOLS, partition, Optional.empty());
        var commit = new GroupRequest.OffsetCommit(partition, offset, OptionalInt.empty(), "tool");
        var request = new GroupRequest.CommitOffsets(GroupSim.TOOLS, Optional.empty(), List.of(commit));
        sim.call(
                broker(),
                request,
                (reply, _) -> {
                    if (reply instanceof GroupReply.PartitionResults(var results)
                            && results.getFirst().isEmpty()) {
                        sim.oracle().acknowledged(offset);
                    }
                },
                () -> {});
    }
}
