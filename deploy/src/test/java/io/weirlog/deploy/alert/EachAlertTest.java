package io.weirlog.deploy.alert;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EachAlertTest {
    private static final Pattern ALERT = Pattern.compile("^ +- alert: (\\w+)$", Pattern.MULTILINE);

    @Test
    void isFiredByAFault() throws Exception {
        var alerts = ALERT.matcher(Files.readString(Prometheus.RULES))
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        var fired = List.of(
                        ClusterAlertsTest.class,
                        ReplicationAlertsTest.class,
                        NodeAlertsTest.class,
                        DiskAlertsTest.class)
                .stream()
                .flatMap(test -> Arrays.stream(test.getDeclaredMethods()))
                .flatMap(method -> Stream.ofNullable(method.getAnnotation(Fires.class)))
                .flatMap(fires -> Arrays.stream(fires.value()))
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(alerts, fired);
    }
}
