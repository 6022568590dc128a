package io.weirlog.server;

/// Topics that the cluster keeps for itself: clients read them, if they like, and nothing else.
public final class InternalTopics {
    /// The groups.
    public static final String OFFSETS = "__offsets";

    private InternalTopics() {}

    public static boolean isInternal(String topic) {
        return topic.equals(OFFSETS);
    }
}
