package io.weirlog.server.group.core;

import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/// The topics that a member wants.
///
/// @param topics names, sorted, each once
/// @param pattern matched against whole names, beside `topics`
public record Subscription(List<String> topics, Optional<String> pattern) {
    public Subscription {
        topics = List.copyOf(new TreeSet<>(topics));
    }

    public static Subscription of(String... topics) {
        return new Subscription(List.of(topics), Optional.empty());
    }
}
