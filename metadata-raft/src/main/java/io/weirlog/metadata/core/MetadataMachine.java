package io.weirlog.metadata.core;

import java.util.List;

/// The metadata machine: what each command does to the state. A pure function, so that all voters agree (M2).
///
/// A command is decided into events and an answer; the events make the new state. The order matters: first the
/// answers that are too old are forgotten, then a request seen before is answered as before, then the command
/// is decided.
public final class MetadataMachine {
    private MetadataMachine() {}

    /// @param index the log index of `command`, above that of `state`
    public static Applied apply(MetadataState state, long index, MetadataCommand command) {
        var current = state.advancedTo(index);
        var earlier = current.requests().find(command.requestId());
        if (earlier.isPresent()) {
            return new Applied(current, List.of(), earlier.get());
        }
        var decision = decide(current, command);
        for (var event : decision.events()) {
            current = current.evolve(event);
        }
        return new Applied(
                current.answered(command.requestId(), decision.reply()), decision.events(), decision.reply());
    }

    private static Decision decide(MetadataState state, MetadataCommand command) {
        return switch (command) { // No default: a new command must not compile until it is handled.
            case MetadataCommand.RegisterBroker register -> BrokerRules.register(state, register);
            case MetadataCommand.FenceBroker fence -> BrokerRules.fence(state, fence);
            case MetadataCommand.UnfenceBroker unfence -> BrokerRules.unfence(state, unfence);
            case MetadataCommand.DrainBroker drain -> BrokerRules.drain(state, drain);
            case MetadataCommand.UnregisterBroker unregister -> BrokerRules.unregister(state, unregister);
            case MetadataCommand.AlterIsr alter -> IsrRules.alter(state, alter);
            case MetadataCommand.ElectLeaders elect -> ElectionRules.elect(state, elect);
            case MetadataCommand.AlterReassignments alter -> ReassignmentRules.alter(state, alter);
            case MetadataCommand.AllocateProducerIds allocate -> ProducerIdRules.allocate(state, allocate);
            case MetadataCommand.CreateTopic create -> TopicRules.create(state, create);
            case MetadataCommand.DeleteTopic delete -> TopicRules.delete(state, delete);
            case MetadataCommand.CreateTopics create -> TopicRules.createAll(state, create);
            case MetadataCommand.DeleteTopics delete -> TopicRules.deleteAll(state, delete);
            case MetadataCommand.CreatePartitions create -> TopicRules.grow(state, create);
            case MetadataCommand.AlterTopicConfigs alter -> ConfigRules.alter(state, alter);
            case MetadataCommand.RegisterController register -> ControllerRules.register(state, register);
            case MetadataCommand.UnregisterController unregister -> ControllerRules.unregister(state, unregister);
            case MetadataCommand.FinalizeFeatureLevel level -> FeatureRules.finalizeLevel(state, level);
            case MetadataCommand.CheckState _ -> new Decision(List.of(), new MetadataReply.Done(state.index()));
        };
    }
}
