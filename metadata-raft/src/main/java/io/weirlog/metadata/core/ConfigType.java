package io.weirlog.metadata.core;

import io.weirlog.common.Invariant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/// The legal values of a config.
public sealed interface ConfigType {
    /// What is wrong with `value`, to be read after the config's name; empty if it is legal.
    Optional<String> problem(String value);

    /// A whole number of `min` to `max`, both included.
    record Whole(long min, long max) implements ConfigType {
        public Whole {
            Invariant.check(min <= max, "no number from %s to %s", min, max);
        }

        @Override
        public Optional<String> problem(String value) {
            try {
                long number = Long.parseLong(value);
                return number >= min && number <= max ? Optional.empty() : Optional.of(expected(value));
            } catch (NumberFormatException e) {
                return Optional.of(expected(value));
            }
        }

        private String expected(String value) {
            var range = max == Long.MAX_VALUE ? "of at least " + min : "from " + min + " to " + max;
            return "must be a whole number " + range + ", not " + quoted(value);
        }
    }

    /// A number of `min` to `max`, both included.
    record Fraction(double min, double max) implements ConfigType {
        @Override
        public Optional<String> problem(String value) {
            try {
                double number = Double.parseDouble(value);
                return number >= min && number <= max ? Optional.empty() : Optional.of(expected(value));
            } catch (NumberFormatException e) {
                return Optional.of(expected(value));
            }
        }

        private String expected(String value) {
            return "must be a number from " + min + " to " + max + ", not " + quoted(value);
        }
    }

    /// `true` or `false`.
    record Flag() implements ConfigType {
        @Override
        public Optional<String> problem(String value) {
            return value.equals("true") || value.equals("false")
                    ? Optional.empty()
                    : Optional.of("must be true or false, not " + quoted(value));
        }
    }

    /// One of `values`.
    record OneOf(List<String> values) implements ConfigType {
        public OneOf {
            values = List.copyOf(values);
        }

        @Override
        public Optional<String> problem(String value) {
            return values.contains(value)
                    ? Optional.empty()
                    : Optional.of("must be one of " + String.join(", ", values) + ", not " + quoted(value));
        }
    }

    /// One or more of `values`, each once, with commas between them.
    record SomeOf(List<String> values) implements ConfigType {
        public SomeOf {
            values = List.copyOf(values);
        }

        @Override
        public Optional<String> problem(String value) {
            var items = split(value);
            return values.containsAll(items) && new HashSet<>(items).size() == items.size()
                    ? Optional.empty()
                    : Optional.of("must list some of " + String.join(", ", values) + ", not " + quoted(value));
        }

        static List<String> split(String value) {
            return Arrays.stream(value.split(",", -1)).map(String::strip).toList();
        }
    }

    private static String quoted(String value) {
        int charsMax = 64;
        return '"' + Printable.text(value.length() <= charsMax ? value : value.substring(0, charsMax) + "…") + '"';
    }
}
