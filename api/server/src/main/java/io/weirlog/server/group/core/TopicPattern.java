package io.weirlog.server.group.core;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.Optional;

/// A pattern over topic names. It matches in time linear to the name (RE2), whoever wrote it.
final class TopicPattern {
    /// How many times over counted repetitions may copy what they repeat: compiling takes as much memory.
    private static final long REPETITIONS_MAX = 1_000;

    private final Pattern pattern;

    private TopicPattern(Pattern pattern) {
        this.pattern = pattern;
    }

    /// @throws PatternSyntaxException if `text` is none that passes [#problem]
    static TopicPattern compile(String text) {
        return new TopicPattern(Pattern.compile(text));
    }

    boolean matches(String topic) {
        return pattern.matches(topic);
    }

    /// What is wrong with `text` as a pattern; empty if nothing is.
    static Optional<String> problem(String text, int charsMax) {
        if (text.length() > charsMax) {
            return Optional.of(
                    "a topic pattern has at most %d characters, this one has %d".formatted(charsMax, text.length()));
        }
        if (repetitions(text) > REPETITIONS_MAX) {
            return Optional.of("the repetitions {n,m} of a topic pattern multiply to at most " + REPETITIONS_MAX
                    + ": use * or + instead");
        }
        try {
            Pattern.compile(text);
            return Optional.empty();
        } catch (PatternSyntaxException e) {
            return Optional.of("the topic pattern is not a regular expression in RE2 syntax: " + e.getDescription());
        }
    }

    /// The product of all counts in braces, whether they are nested or not.
    private static long repetitions(String text) {
        long product = 1;
        for (int open = text.indexOf('{'); open >= 0; open = text.indexOf('{', open + 1)) {
            long count = 1;
            long number = 0;
            for (int i = open + 1; i < text.length() && text.charAt(i) != '}'; i++) {
                char character = text.charAt(i);
                number = character >= '0' && character <= '9' ? Math.min(10 * number + character - '0', 10_000) : 0;
                count = Math.max(count, number);
            }
            product = Math.min(product * count, Integer.MAX_VALUE);
        }
        return product;
    }
}
