package io.weirlog.server.config;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/// Guesses which name a misspelt one was meant to be.
public final class NearestName {
    private NearestName() {}

    /// The candidate with the smallest edit distance (insert, delete, replace: Levenshtein) to `name`; none when even
    /// that differs in more than a third of its letters, for then it would be a wild guess. Of equally near
    /// ones the first in alphabetical order.
    public static Optional<String> of(String name, Collection<String> candidates) {
        return candidates.stream()
                .sorted()
                .min(Comparator.comparingInt(candidate -> distance(name, candidate)))
                .filter(nearest -> 3 * distance(name, nearest) <= Math.max(name.length(), nearest.length()));
    }

    static int distance(String left, String right) {
        var above = new int[right.length() + 1];
        Arrays.setAll(above, column -> column);
        for (int row = 1; row <= left.length(); row++) {
            var current = new int[right.length() + 1];
            current[0] = row;
            for (int column = 1; column <= right.length(); column++) {
                int replaced = above[column - 1] + (left.charAt(row - 1) == right.charAt(column - 1) ? 0 : 1);
                current[column] = Math.min(replaced, 1 + Math.min(above[column], current[column - 1]));
            }
            above = current;
        }
        return above[right.length()];
    }
}
