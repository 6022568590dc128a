package io.weirlog.metadata.core;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.core.MetadataCommand.RegisterBroker;
import java.util.ArrayList;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Brokers come and go.
final class BrokerRules {
    private static final Pattern ENDPOINT_NAME = Pattern.compile("[a-z][a-z0-9-]{0,31}");

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
                command.incarnation());
        var reply = new MetadataReply.BrokerRegistered(epoch, state.index());
        var events = new ArrayList<MetadataEvent>();
        if (!before.equals(Optional.of(image))) {
            events.add(new MetadataEvent.BrokerRegistered(image));
            events.addAll(
                    PartitionRules.afterRegistration(state.evolve(events.getFirst()), image.id(), sameLife.isEmpty()));
        }
        return new Decision(events, reply);
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
        int endpoints = command.endpoints().size();
        if (endpoints < 1 || endpoints > MetadataLimits.ENDPOINTS_PER_BROKER_MAX) {
            problems.add(
                    RejectReason.INVALID_BROKER,
                    "broker %s: 1 to %d endpoints are needed, not %d",
                    id,
                    MetadataLimits.ENDPOINTS_PER_BROKER_MAX,
                    endpoints);
            return;
        }
        new TreeMap<>(command.endpoints()).forEach((name, endpoint) -> checkEndpoint(id, name, endpoint, problems));
    }

    private static void checkEndpoint(BrokerId id, String name, Endpoint endpoint, Problems problems) {
        if (!ENDPOINT_NAME.matcher(name).matches()) {
            problems.add(
                    RejectReason.INVALID_BROKER, "broker %s: endpoint name must match %s", id, ENDPOINT_NAME.pattern());
            return;
        }
        if (endpoint.host().isBlank() || endpoint.host().length() > MetadataLimits.HOST_CHARS_MAX) {
            problems.add(
                    RejectReason.INVALID_BROKER,
                    "broker %s: the host of endpoint %s has 1 to %d characters",
                    id,
                    name,
                    MetadataLimits.HOST_CHARS_MAX);
        }
        if (endpoint.port() < 1 || endpoint.port() > 65_535) {
            problems.add(
                    RejectReason.INVALID_BROKER,
                    "broker %s: the port of endpoint %s is 1 to 65535, not %d",
                    id,
                    name,
                    endpoint.port());
        }
    }
}
