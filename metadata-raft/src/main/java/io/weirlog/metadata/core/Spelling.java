package io.weirlog.metadata.core;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/// Guesses what a misspelled word was meant to be.
public final class Spelling {
    /// Longer words are not guessed at: the distance takes the product of both lengths.
    private static final int WORD_CHARS_MAX = 200;

    private Spelling() {}

    /// The one of `known` that takes the fewest edits to make from `word`; the first of several. Empty if even
    /// that is more than half of its characters away.
    public static Optional<String> nearest(String word, Collection<String> known) {
        if (word.length() > WORD_CHARS_MAX) {
            return Optional.empty();
        }
        return known.stream()
                .sorted()
                .min(Comparator.comparingInt(candidate -> distance(word, candidate)))
                .filter(candidate -> distance(word, candidate) * 2 <= candidate.length());
    }

    /// Levenshtein's distance: how many characters to insert, delete or replace.
    static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
