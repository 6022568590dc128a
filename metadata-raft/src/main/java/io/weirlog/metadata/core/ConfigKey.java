package io.weirlog.metadata.core;

/// One config of a topic.
///
/// @param description one sentence for people
public record ConfigKey(String name, ConfigType type, String defaultValue, String description) {}
