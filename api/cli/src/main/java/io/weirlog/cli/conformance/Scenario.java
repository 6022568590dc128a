package io.weirlog.cli.conformance;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One thing that every client has to get right, as its file in api/conformance/scenarios tells it.
///
/// @param about in a line, what is right
/// @param topic made before the first step
/// @param disturbs whether nodes are stopped: such a scenario is played after the others, by all drivers together
public record Scenario(String name, String about, Optional<TopicPlan> topic, boolean disturbs, List<Step> steps) {
    public Scenario {
        steps = List.copyOf(steps);
    }

    /// @param leader of all partitions; absent: any
    record TopicPlan(int partitions, Optional<Integer> leader, Map<String, String> configs) {
        TopicPlan {
            configs = Map.copyOf(configs);
        }
    }
}
