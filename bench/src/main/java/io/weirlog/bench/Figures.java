package io.weirlog.bench;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Collects what was measured and prints medians, and their ratios to the peer's.
public final class Figures {
    private static final double WHOLE_FROM = 100;

    private final List<String> contenders;
    private final String peer;
    private final Map<String, Map<String, List<Double>>> rows = new LinkedHashMap<>();

    /// @param peer to whose figures the others' are compared
    public Figures(List<String> contenders, String peer) {
        this.contenders = contenders;
        this.peer = peer;
    }

    public void add(String row, String contender, double value) {
        rows.computeIfAbsent(row, _ -> new LinkedHashMap<>())
                .computeIfAbsent(contender, _ -> new ArrayList<>())
                .add(value);
    }

    /// A row for each figure: the median of each contender, beside the peer's as a multiple of it; with the smallest
    /// and the largest where there are several.
    public void print(PrintStream out) {
        out.println("| | " + String.join(" | ", contenders) + " |");
        out.println("|---" + "|---".repeat(contenders.size()) + "|");
        rows.forEach((row, byContender) -> {
            var line = new StringBuilder("| ").append(row);
            for (var contender : contenders) {
                line.append(" | ").append(cell(byContender, contender));
            }
            out.println(line.append(" |"));
        });
    }

    private String cell(Map<String, List<Double>> byContender, String contender) {
        var values = byContender.getOrDefault(contender, List.of());
        if (values.isEmpty()) {
            return "–";
        }
        var cell = new StringBuilder(format(median(values)));
        if (values.size() > 1) {
            cell.append(" (")
                    .append(format(values.stream().mapToDouble(one -> one).min().orElseThrow()))
                    .append("–")
                    .append(format(values.stream().mapToDouble(one -> one).max().orElseThrow()))
                    .append(")");
        }
        var peers = byContender.getOrDefault(peer, List.of());
        if (!contender.equals(peer) && !peers.isEmpty() && median(peers) > 0) {
            cell.append(String.format(Locale.ROOT, ", ×%.2f", median(values) / median(peers)));
        }
        return cell.toString();
    }

    private static String format(double value) {
        return String.format(Locale.ROOT, value >= WHOLE_FROM ? "%,.0f" : "%.2f", value);
    }

    private static double median(List<Double> values) {
        var sorted = values.stream().mapToDouble(value -> value).sorted().toArray();
        return sorted[sorted.length / 2];
    }
}
