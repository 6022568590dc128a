package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What becomes of a pod where podman runs it.
class PodTest {
    private static final Path VOLUMES = Path.of("/volumes");

    private static Pod broker(String... values) {
        var chart = Chart.render(values);
        return Pod.of(chart, chart.get("StatefulSet", "weirlog"), 1, "west");
    }

    @Test
    void allThatTheChartSaysOfABroker() {
        var pod = broker("javaOpts=-Xmx300m");
        var line = String.join(" ", pod.arguments(VOLUMES));
        for (var part : List.of(
                "--name weirlog-1 --hostname weirlog-1 --stop-timeout 300 ",
                "--network-alias weirlog-1.weirlog-nodes.streams.svc.cluster.local ",
                "--network-alias weirlog.streams.svc.cluster.local ",
                "--env POD_NAME=weirlog-1 ",
                "--env ZONE=west ",
                "-Xmx300m ",
                "--user 10001:10001 --group-add 10001 ",
                "--security-opt no-new-privileges --read-only --read-only-tmpfs=false --cap-drop ALL ",
                "--memory 2G --memory-swap 2G ",
                "--volume /volumes/data-weirlog-1:/var/lib/weirlog ",
                "--volume /volumes/weirlog:/etc/weirlog:ro ",
                "--tmpfs /tmp:rw,exec,nosuid,nodev,mode=1777,size=64m ")) {
            assertTrue(line.contains(part), () -> part + "is not in " + line);
        }
        assertTrue(line.endsWith("--entrypoint [\"sh\",\"/etc/weirlog/start.sh\"] " + BuiltImage.NAME), line);
        assertEquals(List.of("data-weirlog-1"), pod.claims());
        assertEquals(List.of("sh", "/etc/weirlog/drain.sh"), pod.preStop().orElseThrow());
        assertEquals(
                new Probe(new Probe.Http(7180, "/readyz"), 0, 5, 2, 1, 2), pod.probe("readinessProbe"), "readiness");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "podSecurityContext.supplementalGroups[0]=1",
                "podSecurityContext.seccompProfile.type=Unconfined",
                "podSecurityContext.runAsUser=0",
                "containerSecurityContext.privileged=true",
                "containerSecurityContext.capabilities.add[0]=SYS_PTRACE",
                "resources.limits.cpu=1",
                "initContainers[0].name=first",
                "extraVolumes[0].name=a extraVolumes[0].hostPath.path=/ extraVolumeMounts[0].name=a"
                        + " extraVolumeMounts[0].mountPath=/a",
                "tls.enabled=true tls.existingSecret=mine",
            })
    void whatIsNotKnownHereIsNotLeftOut(String value) {
        var pod = broker(value.split(" ", -1));
        assertThrows(AssertionError.class, () -> pod.arguments(VOLUMES));
    }

    @Test
    void aProbeCountsRows() {
        var row = new Probe(new Probe.Http(1, "/"), 0, 1, 1, 2, 3).new Row();
        row.add(true);
        row.add(false);
        row.add(true);
        assertTrue(!row.succeeded() && !row.failed());
        row.add(true);
        assertTrue(row.succeeded());
        row.add(false);
        row.add(false);
        assertTrue(!row.succeeded() && !row.failed());
        row.add(false);
        assertTrue(row.failed());
    }
}
