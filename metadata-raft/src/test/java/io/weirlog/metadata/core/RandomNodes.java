package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.ControllerImage;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.FeatureRange;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;

/// Random commands about controllers, feature levels and the state as a whole.
final class RandomNodes {
    private final Random random;

    RandomNodes(Random random) {
        this.random = random;
    }

    MetadataCommand next(RequestId requestId, MetadataState view) {
        var controller = new BrokerId(random.nextInt(4));
        return switch (random.nextInt(5)) {
            case 0, 1 ->
                new MetadataCommand.RegisterController(
                        requestId,
                        controller,
                        new UUID(5, random.nextInt(4)),
                        Map.of("raft", new Endpoint("host", random.nextInt(20) == 0 ? 0 : 7173)),
                        features());
            case 2 ->
                new MetadataCommand.UnregisterController(
                        requestId,
                        controller,
                        Optional.ofNullable(view.controllers().get(controller))
                                .map(ControllerImage::incarnation)
                                .orElse(new UUID(5, 9)));
            case 3 -> new MetadataCommand.FinalizeFeatureLevel(requestId, view.featureLevel() + random.nextInt(3) - 1);
            default ->
                new MetadataCommand.CheckState(
                        requestId,
                        random.nextBoolean()
                                ? Optional.of(new StateHash(random.nextInt(100), "5eed"))
                                : Optional.empty());
        };
    }

    /// Mostly wide enough to let the level rise.
    FeatureRange features() {
        return random.nextInt(10) == 0
                ? new FeatureRange(random.nextInt(3), random.nextInt(4))
                : new FeatureRange(1, 5);
    }
}
