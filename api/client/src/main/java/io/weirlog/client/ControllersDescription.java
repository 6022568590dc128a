package io.weirlog.client;

import io.weirlog.common.BrokerId;
import java.util.List;
import java.util.Optional;

/// Who keeps the metadata.
///
/// @param active absent: nobody decides right now
/// @param term of the newest election
/// @param logEnd one past the last entry of the metadata log
/// @param commitEnd one past the last entry that is committed
public record ControllersDescription(
        Optional<BrokerId> active, long term, long logEnd, long commitEnd, List<ControllerDescription> controllers) {
    public ControllersDescription {
        controllers = List.copyOf(controllers);
    }
}
