package io.weirlog.metadata.controller;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.MetadataImage;
import java.util.Optional;

/// What a draining broker still has to give up.
public final class LeadershipsToMove {
    private LeadershipsToMove() {}

    /// The number of partitions that `broker` leads although another replica that is in sync and in service could.
    public static int of(MetadataImage image, BrokerId broker) {
        int count = 0;
        for (var topic : image.topics()) {
            for (var partition : topic.partitions()) {
                if (partition.leader().equals(Optional.of(broker))
                        && partition.inSyncReplicas().stream()
                                .anyMatch(replica -> !replica.equals(broker) && isServing(image, replica))) {
                    count++;
                }
            }
        }
        return count;
    }

    private static boolean isServing(MetadataImage image, BrokerId id) {
        return image.broker(id)
                .filter(broker -> !broker.fenced() && !broker.draining())
                .isPresent();
    }
}
