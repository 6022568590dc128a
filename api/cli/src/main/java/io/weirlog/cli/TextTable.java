package io.weirlog.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/// Rows under headings, in columns as wide as their widest cell; columns of numbers only are aligned at their end.
final class TextTable {
    private static final String GAP = "   ";
    private static final Pattern NUMBER = Pattern.compile("[0-9,.]+|-");

    private final List<String> headings;
    private final List<List<String>> rows = new ArrayList<>();

    TextTable(String... headings) {
        this.headings = List.of(headings);
    }

    /// Cells are shown by their `toString`.
    TextTable row(Object... cells) {
        rows.add(Arrays.stream(cells)
                .map(cell -> ErrorLines.oneLine(cell.toString()))
                .toList());
        return this;
    }

    @Override
    public String toString() {
        var widths = new int[headings.size()];
        var numeric = new boolean[headings.size()];
        for (int column = 0; column < widths.length; column++) {
            int at = column;
            numeric[at] =
                    rows.stream().allMatch(row -> NUMBER.matcher(row.get(at)).matches());
            widths[at] = rows.stream()
                    .mapToInt(row -> row.get(at).length())
                    .reduce(headings.get(at).length(), Math::max);
        }
        var lines = new ArrayList<String>();
        lines.add(line(headings, widths, numeric));
        rows.forEach(row -> lines.add(line(row, widths, numeric)));
        return String.join(System.lineSeparator(), lines);
    }

    private static String line(List<String> cells, int[] widths, boolean[] numeric) {
        var line = new StringBuilder();
        for (int column = 0; column < widths.length; column++) {
            var padding = " ".repeat(widths[column] - cells.get(column).length());
            line.append(column == 0 ? "" : GAP);
            line.append(numeric[column] ? padding + cells.get(column) : cells.get(column) + padding);
        }
        return line.toString().stripTrailing();
    }
}
