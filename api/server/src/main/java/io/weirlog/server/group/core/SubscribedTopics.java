package io.weirlog.server.group.core;

import io.weirlog.common.TopicId;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;

/// Finds the topics that members subscribe to.
final class SubscribedTopics {
    /// Topics of the cluster itself: a pattern does not match them, their name does.
    private static final String INTERNAL_PREFIX = "__";

    private static final int PATTERNS_KEPT_MAX = 1_000;

    private Topics topics = Topics.NONE;
    /// What each pattern matches in `topics`.
    private final Map<String, NavigableSet<TopicId>> matches = new HashMap<>();

    Topics topics() {
        return topics;
    }

    void changed(Topics now) {
        topics = now;
        matches.clear();
    }

    NavigableSet<TopicId> of(Subscription subscription) {
        var subscribed = new TreeSet<TopicId>();
        for (var name : subscription.topics()) {
            topics.topic(name).ifPresent(topic -> subscribed.add(topic.id()));
        }
        subscription.pattern().ifPresent(pattern -> subscribed.addAll(matching(pattern)));
        return subscribed;
    }

    private NavigableSet<TopicId> matching(String pattern) {
        if (matches.size() >= PATTERNS_KEPT_MAX) {
            matches.clear();
        }
        return matches.computeIfAbsent(pattern, this::find);
    }

    private NavigableSet<TopicId> find(String text) {
        var found = new TreeSet<TopicId>();
        var pattern = TopicPattern.compile(text);
        topics.byName().forEach((name, topic) -> {
            if (!name.startsWith(INTERNAL_PREFIX) && pattern.matches(name)) {
                found.add(topic.id());
            }
        });
        return found;
    }
}
