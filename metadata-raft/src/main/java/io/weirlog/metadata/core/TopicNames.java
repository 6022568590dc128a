package io.weirlog.metadata.core;

import java.util.Optional;

/// What a topic may be called: Kafka's rules, since the names become directory names and parts of metric names.
public final class TopicNames {
    private TopicNames() {}

    /// What is wrong with `name`; empty if it is legal.
    public static Optional<String> problem(String name) {
        if (name.isEmpty()) {
            return Optional.of("a topic name must not be empty");
        }
        if (name.length() > MetadataLimits.TOPIC_NAME_CHARS_MAX) {
            return Optional.of("a topic name has at most %d characters, this one has %d"
                    .formatted(MetadataLimits.TOPIC_NAME_CHARS_MAX, name.length()));
        }
        if (name.equals(".") || name.equals("..")) {
            return Optional.of("a topic must not be named \"%s\"".formatted(name));
        }
        if (!name.chars().allMatch(TopicNames::isLegal)) {
            return Optional.of("topic name \"%s\" has characters other than a-z, A-Z, 0-9, '.', '_' and '-'"
                    .formatted(Printable.text(name)));
        }
        return Optional.empty();
    }

    /// Equal for names that metrics cannot tell apart, since those write `.` as `_`.
    static String collisionKey(String name) {
        return name.replace('.', '_');
    }

    private static boolean isLegal(int character) {
        return (character >= 'a' && character <= 'z')
                || (character >= 'A' && character <= 'Z')
                || (character >= '0' && character <= '9')
                || character == '.'
                || character == '_'
                || character == '-';
    }
}
