package io.weirlog.replication.scenario;

import io.weirlog.common.Durability;
import io.weirlog.log.fault.LossMode;
import io.weirlog.replication.core.Roles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One scenario under way. What its lines say:
///
/// ```
/// cluster brokers=3 replicas=3 min=1 durability=page-cache [unclean]
/// append n1 a b          each letter is a record; whoever appends waits for all in-sync replicas
/// deliver                every message, and what follows from it
/// deliver n1 n2 [count]  the next messages on that way only
/// cut n1 n2, join n1 n2  the stream between the two breaks, or is there again
/// stop n2                cleanly: the watermark is noted
/// crash n2 [lossy]       the process dies; lossy: and the machine, with all that was not synced
/// note n2                the watermark is noted
/// start n2 [clean]       registers and opens its log
/// fence n2, unfence n2   by the controller
/// deaf n2, hear n2       learns nothing of the metadata for a while
/// delete n1 3            the records before offset 3
/// tick 500               so many milliseconds go by
/// check                  is everything there that was acknowledged?
/// ```
final class ScenarioPlay {
    private final Roles roles;
    private @Nullable ScenarioCluster cluster;
    private List<String> before = List.of();

    ScenarioPlay(Roles roles) {
        this.roles = roles;
    }

    /// The text with what really came of it.
    String of(String text) throws IOException {
        var result = new StringBuilder();
        boolean inExpectation = false;
        for (var line : text.lines().toList()) {
            if (inExpectation && line.isEmpty()) {
                inExpectation = false;
            }
            if (!inExpectation) {
                result.append(line).append('\n');
                if (line.equals("----")) {
                    inExpectation = true;
                    news().forEach(one -> result.append(one).append('\n'));
                } else if (!line.isEmpty() && !line.startsWith("#")) {
                    perform(line.split(" +", -1));
                }
            }
        }
        return result.toString();
    }

    private List<String> news() throws IOException {
        var now = cluster().describe();
        var news = new ArrayList<>(cluster().takeSaid());
        now.stream().filter(line -> !before.contains(line)).forEach(news::add);
        before = now;
        return news;
    }

    private ScenarioCluster cluster() {
        if (cluster == null) {
            throw new IllegalArgumentException("a scenario begins with: cluster");
        }
        return cluster;
    }

    private void perform(String[] words) throws IOException {
        switch (words[0]) {
            case "cluster" -> cluster = new ScenarioCluster(setting(words), roles);
            case "append" -> {
                for (var i = 2; i < words.length; i++) {
                    cluster().append(node(words[1]), words[i].charAt(0));
                }
            }
            case "deliver" -> deliver(words);
            case "cut" -> cluster().cut(node(words[1]), node(words[2]));
            case "join" -> cluster().join(node(words[1]), node(words[2]));
            case "tick" -> cluster().tick(Long.parseLong(words[1]));
            case "delete" -> cluster().deleteBefore(node(words[1]), Long.parseLong(words[2]));
            case "check" -> cluster().say(cluster().lost());
            default -> performOn(node(words[1]), words);
        }
    }

    private void performOn(int node, String[] words) throws IOException {
        boolean hasOption = words.length > 2;
        switch (words[0]) {
            case "stop" -> {
                cluster().node(node).stop();
                cluster().gone(node);
            }
            case "crash" -> {
                cluster().node(node).crash(hasOption ? LossMode.ALL_LOST : LossMode.ALL_KEPT);
                cluster().gone(node);
            }
            case "note" -> cluster().node(node).checkpoint();
            case "start" -> cluster().start(node, hasOption);
            case "fence" -> cluster().fence(node);
            case "unfence" -> cluster().unfence(node);
            case "deaf" -> cluster().deaf(node, true);
            case "hear" -> cluster().deaf(node, false);
            default -> throw new IllegalArgumentException("what is to be done: " + String.join(" ", words));
        }
    }

    private void deliver(String[] words) throws IOException {
        if (words.length == 1) {
            cluster().deliverAll();
        } else {
            cluster().deliver(node(words[1]), node(words[2]), words.length > 3 ? Integer.parseInt(words[3]) : 1);
        }
    }

    private static int node(String name) {
        return Integer.parseInt(name.substring(1));
    }

    private static ScenarioCluster.Setting setting(String[] words) {
        Map<String, String> options = new HashMap<>();
        for (var word : List.of(words).subList(1, words.length)) {
            var parts = word.split("=", 2);
            options.put(parts[0], parts.length > 1 ? parts[1] : "true");
        }
        var cached = "page-cache".equals(options.get("durability"));
        return new ScenarioCluster.Setting(
                Integer.parseInt(options.getOrDefault("brokers", "3")),
                Integer.parseInt(options.getOrDefault("replicas", "3")),
                Integer.parseInt(options.getOrDefault("min", "1")),
                cached ? Durability.PAGE_CACHE : Durability.FSYNC,
                options.containsKey("unclean"));
    }
}
