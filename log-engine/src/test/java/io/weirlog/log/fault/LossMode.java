package io.weirlog.log.fault;

/// What a crash does to what was written but not synced, and to names whose directory was not synced.
public enum LossMode {
    /// All of it is gone.
    ALL_LOST,
    /// All of it is there.
    ALL_KEPT,
    /// What happened up to some moment is there; the write of that moment in part.
    PREFIX_KEPT,
    /// Some sectors of 512 bytes and some names are there, in no order; sizes are anything in between.
    TORN,
    /// Sizes and names are there, but what was added to files is zeros or garbage from some place on.
    GARBAGE_TAIL
}
