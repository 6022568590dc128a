package io.weirlog.log.inspect;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Compares the topic ids of all partitions of a topic in one folder: a directory of an earlier topic of the same name
/// shows here (M4).
final class TopicIdCheck {
    private TopicIdCheck() {}

    static List<Finding> verify(List<LogFiles> logs) throws IOException {
        Map<String, Map<String, List<LogFiles>>> byTopic = new TreeMap<>();
        for (var log : logs) {
            var id = log.topicId();
            if (id.isPresent()) {
                byTopic.computeIfAbsent(topicOf(log), _ -> new HashMap<>())
                        .computeIfAbsent(id.get(), _ -> new ArrayList<>())
                        .add(log);
            }
        }
        var findings = new ArrayList<Finding>();
        byTopic.forEach((topic, byId) -> {
            var common = byId.entrySet().stream()
                    .max(Comparator.comparingInt((Map.Entry<String, List<LogFiles>> entry) ->
                                    entry.getValue().size())
                            .thenComparing(Map.Entry::getKey))
                    .orElseThrow()
                    .getKey();
            byId.forEach((id, partitions) -> {
                if (!id.equals(common)) {
                    partitions.forEach(log -> findings.add(new Finding(
                            log.file(LogFiles.METADATA),
                            0,
                            "the topic id is " + id + ", other partitions of " + topic + " have " + common)));
                }
            });
        });
        findings.sort(Comparator.comparing(Finding::file));
        return findings;
    }

    private static String topicOf(LogFiles log) {
        var name = log.directory().toAbsolutePath().getFileName().toString();
        var dash = name.lastIndexOf('-');
        return dash < 0 ? name : name.substring(0, dash);
    }
}
