package io.weirlog.deploy.artifact;

import com.google.gson.JsonElement;
import io.weirlog.deploy.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// What alerts and dashboards ask Prometheus.
final class Expressions {
    static final Path ALERTS = Repository.ROOT.resolve("deploy/alerts/weirlog.rules.yml");
    private static final Path DASHBOARDS = Repository.ROOT.resolve("deploy/dashboards");

    /// What is no name of a metric, whatever it looks like: texts, matchers, ranges, lists of labels.
    private static final Pattern NO_NAMES = Pattern.compile("\"[^\"]*\"|'[^']*'|\\{[^}]*}|\\[[^]]*]"
            + "|\\b(?:by|without|on|ignoring|group_left|group_right)\\s*\\([^)]*\\)");

    /// A word that no call begins with.
    private static final Pattern NAME = Pattern.compile("(?<![\\w:])[a-zA-Z_:][\\w:]*+(?!\\s*\\()");

    private static final Set<String> OPERATORS = Set.of("and", "or", "unless", "bool", "offset");

    private Expressions() {}

    /// The names of the metrics that an expression asks for.
    static Set<String> metrics(String expression) {
        var names = new TreeSet<String>();
        NAME.matcher(NO_NAMES.matcher(expression).replaceAll(" "))
                .results()
                .map(match -> match.group())
                .filter(name -> !OPERATORS.contains(name))
                .forEach(names::add);
        return names;
    }

    static List<String> ofAlerts() {
        List<String> found = new ArrayList<>();
        Documents.walk(Documents.yaml(ALERTS), object -> {
            if (object.has("alert")) {
                found.add(object.get("expr").getAsString());
            }
        });
        return found;
    }

    static List<Path> dashboards() throws IOException {
        try (var files = Files.list(DASHBOARDS)) {
            return files.sorted(Comparator.naturalOrder()).toList();
        }
    }

    /// Of panels and of variables, with the variables filled in as Grafana would.
    static List<String> ofDashboard(Path file) {
        List<String> found = new ArrayList<>();
        Documents.walk(Documents.json(file), object -> {
            JsonElement expression = object.get("expr");
            JsonElement query = object.get("query");
            if (expression != null) {
                found.add(filledIn(expression.getAsString()));
            } else if (query != null
                    && query.isJsonPrimitive()
                    && query.getAsString().startsWith("label_values(")) {
                found.add(Documents.match("label_values\\((.*), \\w+\\)", query.getAsString()));
            }
        });
        return found;
    }

    private static String filledIn(String expression) {
        return expression
                .replace("$__rate_interval", "5m")
                .replace("$node", ".*")
                .replace("$topic", ".*");
    }
}
