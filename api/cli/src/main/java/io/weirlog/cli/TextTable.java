package io.weirlog.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Rows under headings, in columns as wide as their widest cell; columns of numbers only are aligned at their end.
final class TextTable {
    private static final String GAP = "   ";

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
        var lines = new ArrayList<String>();
        lines.add(line(headings));
        rows.forEach(row -> lines.add(line(row)));
        return String.join(System.lineSeparator(), lines);
    }

    private String line(List<String> cells) {
        var line = new StringBuilder();
        for (int column = 0; column < cells.size(); column++) {
            var padding = " ".repeat(width(column) - cells.get(column).length());
            line.append(column == 0 ? "" : GAP);
            line.append(isNumeric(column) ? padding + cells.get(column) : cells.get(column) + padding);
        }
        return line.toString().stripTrailing();
    }

    private int width(int column) {
        return rows.stream()
                .mapToInt(row -> row.get(column).length())
                .reduce(headings.get(column).length(), Math::max);
    }

    private boolean isNumeric(int column) {
        return rows.stream().allMatch(row -> row.get(column).matches("[0-9,.]+|-"));
    }
}
