package io.weirlog.metadata.core;

import io.weirlog.metadata.ControllerImage;
import io.weirlog.metadata.core.MetadataCommand.RegisterController;
import io.weirlog.metadata.core.MetadataCommand.UnregisterController;
import java.util.List;
import java.util.Optional;

/// Members of the metadata quorum make themselves known, so that every node finds them. They vote whether they are
/// known here or not.
final class ControllerRules {
    private ControllerRules() {}

    static Decision register(MetadataState state, RegisterController command) {
        var id = command.controllerId();
        var problems = new Problems();
        if (!state.controllers().containsKey(id) && state.controllers().size() >= MetadataLimits.CONTROLLERS_MAX) {
            problems.add(
                    RejectReason.LIMIT_EXCEEDED,
                    "controller %s: the cluster has %d controllers already",
                    id,
                    MetadataLimits.CONTROLLERS_MAX);
        }
        var checks = new NodeChecks(RejectReason.INVALID_CONTROLLER, "controller " + id, problems);
        checks.checkEndpoints(command.endpoints());
        checks.checkFeatures(command.features(), state.featureLevel());
        return problems.rejection().map(Decision::reject).orElseGet(() -> registered(state, command));
    }

    private static Decision registered(MetadataState state, RegisterController command) {
        var image = new ControllerImage(
                command.controllerId(), command.incarnation(), command.endpoints(), command.features());
        var reply = new MetadataReply.Done(state.index());
        return image.equals(state.controllers().get(image.id()))
                ? new Decision(List.of(), reply)
                : new Decision(List.of(new MetadataEvent.ControllerRegistered(image)), reply);
    }

    static Decision unregister(MetadataState state, UnregisterController command) {
        var id = command.controllerId();
        var known = Optional.ofNullable(state.controllers().get(id));
        if (known.isEmpty()) {
            return Decision.reject(RejectReason.CONTROLLER_NOT_FOUND, "there is no controller " + id);
        }
        if (!known.get().incarnation().equals(command.incarnation())) {
            return Decision.reject(
                    RejectReason.STALE_CONTROLLER_INCARNATION,
                    "controller %s has started again since and is kept".formatted(id));
        }
        return new Decision(
                List.of(new MetadataEvent.ControllerUnregistered(id)), new MetadataReply.Done(state.index()));
    }
}
