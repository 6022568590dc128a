package io.weirlog.metadata;

/// The feature levels that a node can work at, both included. The cluster works at one level that all its nodes
/// know; it rises only when somebody finalizes a higher one, so that a new version can still be taken back.
///
/// Plain data, as it came from a node; the metadata machine refuses illegal ones.
public record FeatureRange(int min, int max) {
    /// The level of the first version, and of each cluster until a higher one is finalized.
    public static final int FIRST_LEVEL = 1;

    /// What nodes that do not say otherwise can do.
    public static final FeatureRange FIRST = new FeatureRange(FIRST_LEVEL, FIRST_LEVEL);

    /// What this version can do.
    public static final FeatureRange SUPPORTED = FIRST;

    public boolean includes(int level) {
        return min <= level && level <= max;
    }

    @Override
    public String toString() {
        return min == max ? Integer.toString(min) : min + " to " + max;
    }
}
