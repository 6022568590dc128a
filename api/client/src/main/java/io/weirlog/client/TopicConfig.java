package io.weirlog.client;

/// A setting of a topic.
///
/// @param overridden set on the topic, rather than the default
public record TopicConfig(String key, String value, boolean overridden) {}
