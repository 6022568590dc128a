package io.weirlog.server.config;

import java.util.List;
import java.util.Map;

/// Knows the configs of topics, which are not this package's to define.
@FunctionalInterface
public interface TopicDefaultsCheck {
    /// For nodes whose topics all have the built-in defaults.
    TopicDefaultsCheck NONE_ALLOWED = configs -> configs.keySet().stream()
            .map(name -> name + ": no default can be set here")
            .toList();

    /// One line for each config, by name without the prefix `topic.defaults.`, that is unknown or out of its range.
    List<String> problems(Map<String, String> configs);
}
