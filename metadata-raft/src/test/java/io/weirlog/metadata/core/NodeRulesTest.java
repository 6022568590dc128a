package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.Commands;
import io.weirlog.metadata.ControllerImage;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.FeatureRange;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// Controllers make themselves known, and the cluster's feature level rises when all nodes can follow.
class NodeRulesTest {
    private static final UUID LIFE = new UUID(7, 1);
    private static final Map<String, Endpoint> ENDPOINTS =
            Map.of("internal", new Endpoint("c1", 7172), "raft", new Endpoint("c1", 7173));

    private final Cluster cluster = new Cluster();

    @Test
    void aControllerIsFound() {
        cluster.accepted(controller(1, LIFE, FeatureRange.FIRST));
        var known = new ControllerImage(new BrokerId(1), LIFE, ENDPOINTS, FeatureRange.FIRST);
        assertEquals(List.of(known), List.copyOf(cluster.state().controllers().values()));
        assertEquals(
                List.of(),
                cluster.accepted(controller(1, LIFE, FeatureRange.FIRST)).events());
        cluster.accepted(controller(1, new UUID(7, 2), FeatureRange.FIRST));
        assertEquals(
                RejectReason.STALE_CONTROLLER_INCARNATION,
                cluster.rejection(new MetadataCommand.UnregisterController(Commands.request(), new BrokerId(1), LIFE))
                        .reason());
        cluster.accepted(new MetadataCommand.UnregisterController(Commands.request(), new BrokerId(1), new UUID(7, 2)));
        assertEquals(
                RejectReason.CONTROLLER_NOT_FOUND,
                cluster.rejection(new MetadataCommand.UnregisterController(Commands.request(), new BrokerId(1), LIFE))
                        .reason());
    }

    @Test
    void allProblemsOfAControllerAreTold() {
        var rejection = cluster.rejection(new MetadataCommand.RegisterController(
                Commands.request(),
                new BrokerId(1),
                LIFE,
                Map.of("raft", new Endpoint(" ", 0)),
                new FeatureRange(3, 2)));
        assertEquals(RejectReason.INVALID_CONTROLLER, rejection.reason());
        assertEquals(
                "controller 1: the host of endpoint raft has 1 to 253 characters; "
                        + "controller 1: the port of endpoint raft is 1 to 65535, not 0; "
                        + "controller 1: no feature levels from 3 to 2",
                rejection.message());
    }

    @Test
    void controllersAreBounded() {
        for (int id = 0; id < MetadataLimits.CONTROLLERS_MAX; id++) {
            cluster.accepted(controller(id, LIFE, FeatureRange.FIRST));
        }
        assertEquals(
                RejectReason.LIMIT_EXCEEDED,
                cluster.rejection(controller(99, LIFE, FeatureRange.FIRST)).reason());
    }

    @Test
    void theLevelRisesWhenAllNodesSupportIt() {
        cluster.accepted(broker(1, new FeatureRange(1, 2)));
        cluster.accepted(broker(2, new FeatureRange(1, 1)));
        cluster.accepted(controller(3, LIFE, new FeatureRange(1, 1)));
        var rejection = cluster.rejection(level(2));
        assertEquals(RejectReason.UNSUPPORTED_FEATURE_LEVEL, rejection.reason());
        assertEquals(
                "broker 2 supports feature level 1, not 2: upgrade or unregister it; "
                        + "controller 3 supports feature level 1, not 2: upgrade or unregister it",
                rejection.message());
        cluster.accepted(broker(2, new FeatureRange(1, 4)));
        cluster.accepted(controller(3, LIFE, new FeatureRange(1, 3)));
        cluster.accepted(level(2));
        assertEquals(2, cluster.state().featureLevel());
        assertEquals(List.of(), cluster.accepted(level(2)).events());
        assertEquals(
                "the cluster works at feature level 2 and cannot go back to 1",
                cluster.rejection(level(1)).message());
    }

    @Test
    void aNodeOfAnotherLevelIsRefusedByName() {
        assertEquals(
                "broker 1 supports feature level 2 to 3, the cluster works at 1: run a version that supports it",
                cluster.rejection(broker(1, new FeatureRange(2, 3))).message());
        assertEquals(
                RejectReason.UNSUPPORTED_FEATURE_LEVEL,
                cluster.rejection(controller(1, LIFE, new FeatureRange(2, 3))).reason());
    }

    @Test
    void aBrokerTellsItsFoldersApart() {
        var twice = new MetadataCommand.RegisterBroker(
                Commands.request(),
                new BrokerId(1),
                LIFE,
                Optional.empty(),
                ENDPOINTS,
                false,
                Optional.empty(),
                List.of(LIFE, LIFE),
                FeatureRange.FIRST);
        assertEquals(
                "broker 1: at most 64 log directories, each with an id of its own, are allowed",
                cluster.rejection(twice).message());
    }

    @Test
    void aCheckOfTheStateChangesNothing() {
        var check = new MetadataCommand.CheckState(Commands.request(), Optional.of(new StateHash(1, "ab")));
        assertEquals(List.of(), cluster.accepted(check).events());
    }

    private static MetadataCommand level(int level) {
        return new MetadataCommand.FinalizeFeatureLevel(Commands.request(), level);
    }

    private static MetadataCommand controller(int id, UUID life, FeatureRange features) {
        return new MetadataCommand.RegisterController(Commands.request(), new BrokerId(id), life, ENDPOINTS, features);
    }

    private static MetadataCommand broker(int id, FeatureRange features) {
        return new MetadataCommand.RegisterBroker(
                Commands.request(),
                new BrokerId(id),
                new UUID(8, id),
                Optional.empty(),
                ENDPOINTS,
                false,
                Optional.empty(),
                List.of(new UUID(9, id)),
                features);
    }
}
