package io.weirlog.client;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/// What a [GroupConsumer] reads, and how.
///
/// ```
/// GroupOptions.builder("shipping").topic("orders").build();
/// GroupOptions.builder("audit").topicPattern("orders-.*").manualCommits().startNowhere().build();
/// ```
public final class GroupOptions {
    private final String groupId;
    private final Set<String> topics;
    private final String topicPattern;
    private final Optional<StartAt> start;
    private final String instanceId;
    private final Assignor assignor;
    private final Isolation isolation;
    private final String rack;
    private final Optional<Duration> autoCommitInterval;
    private final Duration sessionTimeout;
    private final Duration rebalanceTimeout;
    private final int maxPollRecords;
    private final int bufferRecords;
    private final int bufferBytes;
    private final RebalanceListener listener;

    private GroupOptions(Builder builder) {
        groupId = builder.groupId;
        topics = Set.copyOf(builder.topics);
        topicPattern = builder.topicPattern;
        start = builder.start;
        instanceId = builder.instanceId;
        assignor = builder.assignor;
        isolation = builder.isolation;
        rack = builder.rack;
        autoCommitInterval = builder.autoCommitInterval;
        sessionTimeout = builder.sessionTimeout;
        rebalanceTimeout = builder.rebalanceTimeout;
        maxPollRecords = builder.maxPollRecords;
        bufferRecords = builder.bufferRecords;
        bufferBytes = builder.bufferBytes;
        listener = builder.listener;
    }

    public static Builder builder(String groupId) {
        return new Builder(groupId);
    }

    public String groupId() {
        return groupId;
    }

    /// Whole topics by name; one that does not exist yet counts once it does.
    public Set<String> topics() {
        return topics;
    }

    /// Topics whose whole name matches this regular expression (RE2 syntax), besides [#topics]; empty for none.
    public String topicPattern() {
        return topicPattern;
    }

    /// Where reading begins in partitions of which the group has committed nothing, and goes on where the committed
    /// offset is not in the log any more; default earliest. Empty: the poll fails, and a seek helps.
    public Optional<StartAt> start() {
        return start;
    }

    /// Under which the member keeps its partitions while its process restarts; default none.
    public String instanceId() {
        return instanceId;
    }

    /// How this member would have the group's partitions divided: the group does what most members ask for. Default
    /// [Assignor#STICKY].
    public Assignor assignor() {
        return assignor;
    }

    /// Default [Isolation#READ_UNCOMMITTED].
    public Isolation isolation() {
        return isolation;
    }

    /// Where the consumer is; default nowhere.
    public String rack() {
        return rack;
    }

    /// How often polls commit by themselves; default 5 s. Empty: never.
    public Optional<Duration> autoCommitInterval() {
        return autoCommitInterval;
    }

    /// How long the group waits for a member whose broker is gone; default 10 s.
    public Duration sessionTimeout() {
        return sessionTimeout;
    }

    /// How long a member may take to let go of partitions; default 60 s.
    public Duration rebalanceTimeout() {
        return rebalanceTimeout;
    }

    /// The most records that one poll returns; default 500.
    public int maxPollRecords() {
        return maxPollRecords;
    }

    /// About how many records the broker may send ahead of the polls; default 50,000.
    public int bufferRecords() {
        return bufferRecords;
    }

    /// About how many bytes the broker may send ahead of the polls: one message may go beyond. Default 16 MiB.
    public int bufferBytes() {
        return bufferBytes;
    }

    /// Told when partitions come and go; default nobody.
    public RebalanceListener listener() {
        return listener;
    }

    /// Collects options.
    public static final class Builder {
        private final String groupId;
        private final Set<String> topics = new LinkedHashSet<>();
        private String topicPattern = "";
        private Optional<StartAt> start = Optional.of(StartAt.earliest());
        private String instanceId = "";
        private Assignor assignor = Assignor.STICKY;
        private Isolation isolation = Isolation.READ_UNCOMMITTED;
        private String rack = "";
        private Optional<Duration> autoCommitInterval = Optional.of(Duration.ofSeconds(5));
        private Duration sessionTimeout = Duration.ofSeconds(10);
        private Duration rebalanceTimeout = Duration.ofSeconds(60);
        private int maxPollRecords = 500;
        private int bufferRecords = 50_000;
        private int bufferBytes = 16 * 1024 * 1024;
        private RebalanceListener listener = new RebalanceListener() {};

        private Builder(String groupId) {
            this.groupId = groupId;
        }

        /// Adds a topic.
        public Builder topic(String topic) {
            topics.add(topic);
            return this;
        }

        /// Adds all topics whose whole name matches, internal ones excepted.
        public Builder topicPattern(String pattern) {
            this.topicPattern = pattern;
            return this;
        }

        /// @throws IllegalArgumentException if it is a fixed offset, which could be outside the log again
        public Builder start(StartAt start) {
            if (start instanceof StartAt.AtOffset) {
                throw new IllegalArgumentException(
                        "a group begins at the earliest or latest offset or at a time; seek to begin at an offset");
            }
            this.start = Optional.of(start);
            return this;
        }

        /// Lets polls fail where nothing was committed, or what was committed is not in the log any more.
        public Builder startNowhere() {
            this.start = Optional.empty();
            return this;
        }

        public Builder instanceId(String instanceId) {
            this.instanceId = instanceId;
            return this;
        }

        public Builder assignor(Assignor assignor) {
            this.assignor = assignor;
            return this;
        }

        public Builder isolation(Isolation isolation) {
            this.isolation = isolation;
            return this;
        }

        public Builder rack(String rack) {
            this.rack = rack;
            return this;
        }

        public Builder autoCommitInterval(Duration interval) {
            this.autoCommitInterval = Optional.of(Checks.notNegative("autoCommitInterval", interval));
            return this;
        }

        /// Lets polls commit nothing by themselves.
        public Builder manualCommits() {
            this.autoCommitInterval = Optional.empty();
            return this;
        }

        public Builder sessionTimeout(Duration timeout) {
            this.sessionTimeout = Checks.positive("sessionTimeout", timeout);
            return this;
        }

        public Builder rebalanceTimeout(Duration timeout) {
            this.rebalanceTimeout = Checks.positive("rebalanceTimeout", timeout);
            return this;
        }

        public Builder maxPollRecords(int records) {
            this.maxPollRecords = (int) Checks.atLeast("maxPollRecords", records, 1);
            return this;
        }

        public Builder bufferRecords(int records) {
            this.bufferRecords = (int) Checks.atLeast("bufferRecords", records, 1);
            return this;
        }

        public Builder bufferBytes(int bytes) {
            this.bufferBytes = (int) Checks.atLeast("bufferBytes", bytes, 1);
            return this;
        }

        public Builder listener(RebalanceListener listener) {
            this.listener = listener;
            return this;
        }

        /// @throws IllegalArgumentException if the group has no name, or there is nothing to read
        public GroupOptions build() {
            if (groupId.isBlank()) {
                throw new IllegalArgumentException("a group needs a name");
            }
            if (topics.isEmpty() && topicPattern.isEmpty()) {
                throw new IllegalArgumentException("a group consumer needs a topic or a pattern");
            }
            return new GroupOptions(this);
        }
    }
}
