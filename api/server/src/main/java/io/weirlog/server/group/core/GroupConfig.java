package io.weirlog.server.group.core;

/// The bounds and times of groups, the same on all brokers.
///
/// @param groupsMax in one partition of `__offsets`
/// @param sessionMillisMin the shortest session timeout that a member may ask for
/// @param heartbeatMillis how often members should be heard of; oftener if their session is short
/// @param offsetsRetentionMillis how long offsets stay after the group became empty, or after the commit
/// @param blankGroupMillis how long a group without members and offsets is remembered, so that its epochs go on
public record GroupConfig(
        int groupsMax,
        int membersMax,
        int sessionMillisMin,
        int sessionMillisMax,
        int rebalanceMillisMax,
        int heartbeatMillis,
        long offsetsRetentionMillis,
        long blankGroupMillis) {
    public static final GroupConfig DEFAULT =
            new GroupConfig(10_000, 1_000, 1_000, 1_800_000, 3_600_000, 5_000, 7 * 86_400_000L, 3_600_000);

    /// What a member gets that asks for nothing else.
    public static final int SESSION_MILLIS_DEFAULT = 45_000;

    public static final int REBALANCE_MILLIS_DEFAULT = 60_000;

    public static final int ID_CHARS_MAX = 249;
    public static final int TOPICS_PER_SUBSCRIPTION_MAX = 1_000;
    public static final int PATTERN_CHARS_MAX = 256;
    public static final int NOTE_BYTES_MAX = 4_096;
    public static final int OFFSETS_PER_REQUEST_MAX = 10_000;
    public static final int OFFSETS_PER_GROUP_MAX = 100_000;
    public static final int LISTED_GROUPS_MAX = 5_000;

    /// Work that no client waits for stops after so many records, and goes on with the next tick.
    static final int RECORDS_PER_TICK = 1_000;

    private static final long EXPIRY_CHECK_MILLIS_MAX = 600_000;

    /// How long nothing expires after the wall clock has stepped: a step that is mended meanwhile does no harm.
    static final long EXPIRY_CALM_MILLIS = 3_600_000;

    static final long CLOCK_STEP_MILLIS = 60_000;

    public GroupConfig withOffsetsRetentionMillis(long millis) {
        return new GroupConfig(
                groupsMax,
                membersMax,
                sessionMillisMin,
                sessionMillisMax,
                rebalanceMillisMax,
                heartbeatMillis,
                millis,
                blankGroupMillis);
    }

    /// How often to look for what has expired.
    long expiryCheckMillis() {
        return Math.clamp(offsetsRetentionMillis / 10, 1, EXPIRY_CHECK_MILLIS_MAX);
    }

    int heartbeatMillis(MemberTerms terms) {
        return Math.min(heartbeatMillis, terms.sessionMillis() / 3);
    }
}
