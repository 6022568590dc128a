package io.weirlog.metadata.core;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.core.MetadataCommand.DrainBroker;
import io.weirlog.metadata.core.MetadataCommand.FenceBroker;
import io.weirlog.metadata.core.MetadataCommand.RegisterBroker;
import io.weirlog.metadata.core.MetadataCommand.UnfenceBroker;
import io.weirlog.metadata.core.MetadataCommand.UnregisterBroker;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/// Brokers come and go.
final class BrokerRules {
    private BrokerRules() {}

    /// A registration with a new incarnation gets a new epoch: requests of the former life are refused by it
    /// (R10). The same incarnation keeps its epoch and may correct its addresses.
    static Decision register(MetadataState state, RegisterBroker command) {
        var problems = new Problems();
        check(state, command, problems);
        return problems.rejection().map(Decision::reject).orElseGet(() -> registered(state, command));
    }

    private static Decision registered(MetadataState state, RegisterBroker command) {
        var before = Optional.ofNullable(state.brokers().get(command.brokerId()));
        var sameLife = before.filter(broker -> broker.incarnation().equals(command.incarnation()));
        var epoch = sameLife.map(BrokerImage::epoch).orElseGet(() -> new BrokerEpoch(state.index()));
        var image = new BrokerImage(
                command.brokerId(),
                epoch,
                command.rack(),
                command.endpoints(),
                command.fenced(),
                sameLife.filter(BrokerImage::draining).isPresent(),
                command.incarnation(),
                command.directories(),
                command.features());
        var reply = new MetadataReply.BrokerRegistered(epoch, state.index());
        if (before.equals(Optional.of(image))) {
            return new Decision(List.of(), reply);
        }
        var registered = new MetadataEvent.BrokerRegistered(image);
        var after = state.evolve(registered);
        var changes = sameLife.isPresent()
                ? PartitionRules.afterChange(after, image.id(), reason(image))
                : PartitionRules.afterNewLife(after, image.id(), formerEnd(before, command));
        return decision(registered, changes, reply);
    }

    /// A broker that was never here has not lost anything.
    private static FormerEnd formerEnd(Optional<BrokerImage> before, RegisterBroker command) {
        return before.map(former -> FormerEnd.of(former, command)).orElse(FormerEnd.CLEAN);
    }

    static Decision fence(MetadataState state, FenceBroker command) {
        return guarded(
                state,
                command.brokerId(),
                command.epoch(),
                broker -> changed(state, broker, broker.with(true, broker.draining()), ElectionReason.LEADER_GONE));
    }

    static Decision unfence(MetadataState state, UnfenceBroker command) {
        return guarded(
                state,
                command.brokerId(),
                command.epoch(),
                broker -> changed(state, broker, broker.with(false, false), ElectionReason.REPLICA_BACK));
    }

    static Decision drain(MetadataState state, DrainBroker command) {
        return guarded(
                state,
                command.brokerId(),
                command.epoch(),
                broker -> changed(state, broker, broker.with(broker.fenced(), true), ElectionReason.DRAINING));
    }

    static Decision unregister(MetadataState state, UnregisterBroker command) {
        return guarded(state, command.brokerId(), command.epoch(), broker -> {
            if (!broker.fenced()) {
                return Decision.reject(
                        RejectReason.BROKER_IN_SERVICE,
                        "broker %s is in service: stop it first".formatted(broker.id()));
            }
            int replicas = state.load(broker.id()).replicas();
            if (replicas > 0) {
                return Decision.reject(
                        RejectReason.BROKER_HAS_REPLICAS,
                        "broker %s holds %d replicas: move them to other brokers first"
                                .formatted(broker.id(), replicas));
            }
            return new Decision(
                    List.of(new MetadataEvent.BrokerUnregistered(broker.id())), new MetadataReply.Done(state.index()));
        });
    }

    private static Decision changed(MetadataState state, BrokerImage before, BrokerImage after, ElectionReason reason) {
        var reply = new MetadataReply.Done(state.index());
        if (before.equals(after)) {
            return new Decision(List.of(), reply);
        }
        var change = new MetadataEvent.BrokerChanged(after);
        return decision(change, PartitionRules.afterChange(state.evolve(change), after.id(), reason), reply);
    }

    private static Decision decision(MetadataEvent first, List<MetadataEvent> others, MetadataReply reply) {
        var events = new ArrayList<MetadataEvent>(1 + others.size());
        events.add(first);
        events.addAll(others);
        return new Decision(events, reply);
    }

    private static ElectionReason reason(BrokerImage broker) {
        return broker.fenced() ? ElectionReason.LEADER_GONE : ElectionReason.REPLICA_BACK;
    }

    /// R10: what was decided about one life of a broker must not hit the next.
    static Decision guarded(MetadataState state, BrokerId id, BrokerEpoch epoch, Function<BrokerImage, Decision> rule) {
        var broker = state.brokers().get(id);
        if (broker == null) {
            return Decision.reject(RejectReason.BROKER_NOT_FOUND, "there is no broker " + id);
        }
        if (!broker.epoch().equals(epoch)) {
            return Decision.reject(
                    RejectReason.STALE_BROKER_EPOCH,
                    "broker %s is in epoch %s, not %s".formatted(id, broker.epoch(), epoch));
        }
        return rule.apply(broker);
    }

    private static void check(MetadataState state, RegisterBroker command, Problems problems) {
        BrokerId id = command.brokerId();
        if (!state.brokers().containsKey(id) && state.brokers().size() >= MetadataLimits.BROKERS_MAX) {
            problems.add(
                    RejectReason.LIMIT_EXCEEDED,
                    "broker %s: the cluster has %d brokers already",
                    id,
                    MetadataLimits.BROKERS_MAX);
        }
        command.rack().ifPresent(rack -> {
            if (rack.isBlank() || rack.length() > MetadataLimits.RACK_CHARS_MAX) {
                problems.add(
                        RejectReason.INVALID_BROKER,
                        "broker %s: a rack has 1 to %d characters",
                        id,
                        MetadataLimits.RACK_CHARS_MAX);
            }
        });
        if (command.directories().size() > MetadataLimits.DIRECTORIES_PER_BROKER_MAX
                || Set.copyOf(command.directories()).size()
                        != command.directories().size()) {
            problems.add(
                    RejectReason.INVALID_BROKER,
                    "broker %s: at most %d log directories, each with an id of its own, are allowed",
                    id,
                    MetadataLimits.DIRECTORIES_PER_BROKER_MAX);
        }
        var checks = new NodeChecks(RejectReason.INVALID_BROKER, "broker " + id, problems);
        checks.checkEndpoints(command.endpoints());
        checks.checkFeatures(command.features(), state.featureLevel());
    }
}
