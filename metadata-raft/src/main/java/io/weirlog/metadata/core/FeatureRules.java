package io.weirlog.metadata.core;

import io.weirlog.metadata.FeatureRange;
import io.weirlog.metadata.core.MetadataCommand.FinalizeFeatureLevel;
import java.util.List;

/// The cluster's feature level rises once all of its nodes support the new one.
final class FeatureRules {
    private FeatureRules() {}

    static Decision finalizeLevel(MetadataState state, FinalizeFeatureLevel command) {
        int level = command.level();
        var problems = new Problems();
        if (level < state.featureLevel()) {
            problems.add(
                    RejectReason.INVALID_FEATURE_LEVEL,
                    "the cluster works at feature level %d and cannot go back to %d",
                    state.featureLevel(),
                    level);
        }
        // A fenced broker may come back: it has to be unregistered if it is not to.
        state.brokers().values().forEach(broker -> check("broker " + broker.id(), broker.features(), level, problems));
        state.controllers()
                .values()
                .forEach(controller -> check("controller " + controller.id(), controller.features(), level, problems));
        return problems.rejection().map(Decision::reject).orElseGet(() -> finalized(state, level));
    }

    private static void check(String node, FeatureRange features, int level, Problems problems) {
        if (!features.includes(level)) {
            problems.add(
                    RejectReason.UNSUPPORTED_FEATURE_LEVEL,
                    "%s supports feature level %s, not %d: upgrade or unregister it",
                    node,
                    features,
                    level);
        }
    }

    private static Decision finalized(MetadataState state, int level) {
        var reply = new MetadataReply.Done(state.index());
        return level == state.featureLevel()
                ? new Decision(List.of(), reply)
                : new Decision(List.of(new MetadataEvent.FeatureLevelFinalized(level)), reply);
    }
}
