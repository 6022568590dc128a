package io.weirlog.metadata;

/// This voter's state is not that of the active controller at the same entry of the log (M2): one of the two was
/// damaged in memory or on disk, or computed otherwise. Nothing can be trusted until it is known which.
public final class StateDivergedException extends Exception {
    private static final long serialVersionUID = 1;

    public StateDivergedException(long index, String ownHash, String activeHash) {
        super(("M2: the metadata here differ from the active controller's at entry %d (hash %s here, %s there); compare"
                        + " the voters with \"weirlog metadata hash\", keep the metadata folder of the one that stands"
                        + " alone, remove it from the quorum and add it again empty")
                .formatted(index, ownHash, activeHash));
    }
}
