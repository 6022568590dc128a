package io.weirlog.metadata.ratis;

import io.weirlog.metadata.QuorumRole;
import io.weirlog.metadata.core.Applied;
import io.weirlog.metadata.core.MetadataState;
import java.util.concurrent.CompletableFuture;

/// Listens for nothing but the member's becoming active.
final class QuietListener implements NodeListener {
    final CompletableFuture<Boolean> active = new CompletableFuture<>();

    @Override
    public void storageReady() {}

    @Override
    public void restored(MetadataState state) {}

    @Override
    public void applied(Applied applied) {}

    @Override
    public void roleChanged(QuorumRole role) {
        if (role instanceof QuorumRole.Active) {
            active.complete(true);
        }
    }

    @Override
    public void removed(boolean forGood) {}

    @Override
    public void failed(Throwable cause) {
        active.completeExceptionally(cause);
    }
}
