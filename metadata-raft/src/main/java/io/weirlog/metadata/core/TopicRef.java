package io.weirlog.metadata.core;

import io.weirlog.common.TopicId;

/// How a command names a topic: by name for people, by id for whoever must not hit a later topic of the same
/// name.
public sealed interface TopicRef {
    record ByName(String name) implements TopicRef {}

    record ById(TopicId id) implements TopicRef {}
}
