package io.weirlog.cli;

import io.weirlog.cli.conformance.Outcome;
import io.weirlog.cli.conformance.Scenario;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What came of a run, as people read it.
final class ConformanceReport {
    private ConformanceReport() {}

    /// A table of clients and scenarios, then what failed and why, then a line for each client.
    static String text(List<Scenario> scenarios, Map<String, Map<String, Outcome>> outcomes) {
        var headings =
                Stream.concat(Stream.of("SCENARIO"), outcomes.keySet().stream()).toArray(String[]::new);
        var table = new TextTable(headings);
        for (var scenario : scenarios) {
            List<Object> row = new ArrayList<>(List.of(scenario.name()));
            outcomes.values().forEach(played -> row.add(word(played, scenario)));
            table.row(row.toArray());
        }
        List<String> lines = new ArrayList<>(List.of(table.toString()));
        outcomes.forEach((driver, played) -> played.forEach((scenario, outcome) -> {
            if (!outcome.detail().isEmpty()) {
                lines.add(
                        ErrorLines.oneLine(driver + ", " + scenario + ": " + outcome.word() + ": " + outcome.detail()));
            }
        }));
        outcomes.forEach((driver, played) -> lines.add(driver + ": " + counts(played)));
        return String.join(System.lineSeparator(), lines);
    }

    static long failures(Map<String, Map<String, Outcome>> outcomes) {
        return outcomes.values().stream()
                .flatMap(played -> played.values().stream())
                .filter(Outcome.Failed.class::isInstance)
                .count();
    }

    private static String word(Map<String, Outcome> played, Scenario scenario) {
        var outcome = played.get(scenario.name());
        return outcome == null ? "-" : outcome.word();
    }

    private static String counts(Map<String, Outcome> played) {
        var counts = played.values().stream()
                .collect(Collectors.groupingBy(Outcome::word, TreeMap::new, Collectors.counting()));
        return counts.entrySet().stream()
                .map(entry -> entry.getValue() + " " + entry.getKey())
                .collect(Collectors.joining(", "));
    }
}
