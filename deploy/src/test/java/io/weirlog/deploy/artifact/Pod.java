package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// One pod of the chart in the words of `podman run`: what kubelet makes of it. A setting that is not known here fails
/// the test, so that none is left out unseen. Of secrets and init containers nothing is known: by default there are
/// none.
///
/// @param names that DNS has for it, those of services among them
/// @param spec the pod's own, as it is in the manifest
/// @param claimed volumes that each pod has its own of, by `volumeClaimTemplates`
record Pod(String name, List<String> names, Map<String, String> environment, JsonObject spec, List<String> claimed) {
    private static final String DOMAIN = Chart.NAMESPACE + ".svc.cluster.local";
    private static final int GRACE_SECONDS_DEFAULT = 30;

    /// A pod of a StatefulSet.
    ///
    /// @param zone the label of the machine
    static Pod of(Chart chart, JsonObject statefulSet, int number, String zone) {
        var name = Documents.string(statefulSet, "metadata.name") + "-" + number;
        List<String> names = new ArrayList<>();
        names.add(name + "." + Documents.string(statefulSet, "spec.serviceName") + "." + DOMAIN);
        names.addAll(services(
                chart,
                Documents.at(statefulSet, "spec.template.metadata.labels").getAsJsonObject()));
        var claimed = Documents.objects(statefulSet, "spec.volumeClaimTemplates").stream()
                .map(claim -> Documents.string(claim, "metadata.name"))
                .toList();
        return new Pod(name, names, Chart.environment(statefulSet, name, zone), Chart.pod(statefulSet), claimed);
    }

    /// The pod of a Job.
    static Pod of(JsonObject job, String name) {
        return new Pod(name, List.of(), Chart.environment(job, name, ""), Chart.pod(job), List.of());
    }

    /// The same with a command of a shell instead of its own.
    Pod running(String command) {
        var changed = spec.deepCopy();
        var container = Documents.objects(changed, "containers").getFirst();
        container.remove("args");
        container.add("command", new Gson().toJsonTree(List.of("sh", "-c", command)));
        return new Pod(name, names, environment, changed, claimed);
    }

    /// Of the services that choose pods with these labels.
    private static List<String> services(Chart chart, JsonObject labels) {
        return chart.documents().stream()
                .filter(one -> Documents.string(one, "kind").equals("Service"))
                .filter(one -> labels.entrySet()
                        .containsAll(Documents.at(one, "spec.selector")
                                .getAsJsonObject()
                                .entrySet()))
                .map(one -> Documents.string(one, "metadata.name") + "." + DOMAIN)
                .toList();
    }

    /// What stands between `podman run` and its own options, and the end of the line.
    ///
    /// @param volumes a folder with one for each ConfigMap and each claim, by its name
    List<String> arguments(Path volumes) {
        known(
                spec,
                Set.of(
                        "containers",
                        "volumes",
                        "securityContext",
                        "terminationGracePeriodSeconds",
                        "enableServiceLinks",
                        "automountServiceAccountToken"),
                Set.of("affinity", "topologySpreadConstraints", "serviceAccountName", "restartPolicy"));
        // They would add variables and files.
        assertEquals("false", Documents.string(spec, "enableServiceLinks"));
        assertEquals("false", Documents.string(spec, "automountServiceAccountToken"));
        known(
                container(),
                Set.of("name", "image", "command", "args", "env", "resources", "securityContext", "volumeMounts"),
                Set.of("imagePullPolicy", "ports", "startupProbe", "readinessProbe", "livenessProbe", "lifecycle"));
        List<String> arguments = new ArrayList<>(List.of("--name", name, "--hostname", name));
        arguments.addAll(List.of("--stop-timeout", Integer.toString(graceSeconds()), "--pull", "never"));
        names.forEach(one -> arguments.addAll(List.of("--network-alias", one)));
        for (var end : List.of(DOMAIN, "svc.cluster.local", "cluster.local")) {
            arguments.addAll(List.of("--dns-search", end));
        }
        arguments.addAll(List.of("--dns-option", "ndots:5"));
        environment.forEach((key, value) -> arguments.addAll(List.of("--env", key + "=" + value)));
        security(arguments);
        resources(arguments);
        for (var mount : Documents.objects(container(), "volumeMounts")) {
            arguments.addAll(mount(mount, volumes));
        }
        arguments.addAll(
                List.of("--entrypoint", Documents.at(container(), "command").toString()));
        arguments.add(Documents.string(container(), "image"));
        if (container().has("args")) {
            arguments.addAll(Documents.strings(container(), "args"));
        }
        return arguments;
    }

    private void security(List<String> arguments) {
        var pod = Documents.at(spec, "securityContext").getAsJsonObject();
        known(
                pod,
                Set.of("runAsUser", "runAsGroup", "fsGroup", "seccompProfile", "runAsNonRoot"),
                Set.of("fsGroupChangePolicy"));
        var user = Documents.string(pod, "runAsUser");
        assertTrue(!Documents.at(pod, "runAsNonRoot").getAsBoolean() || !user.equals("0"));
        arguments.addAll(List.of("--user", user + ":" + Documents.string(pod, "runAsGroup")));
        arguments.addAll(List.of("--group-add", Integer.toString(group())));
        // Podman's own profile, which it uses unless told otherwise.
        assertEquals("RuntimeDefault", Documents.string(pod, "seccompProfile.type"));
        var own = Documents.at(container(), "securityContext").getAsJsonObject();
        known(own, Set.of("allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities"), Set.of());
        if (!Documents.at(own, "allowPrivilegeEscalation").getAsBoolean()) {
            arguments.addAll(List.of("--security-opt", "no-new-privileges"));
        }
        if (Documents.at(own, "readOnlyRootFilesystem").getAsBoolean()) {
            arguments.addAll(List.of("--read-only", "--read-only-tmpfs=false"));
        }
        known(Documents.at(own, "capabilities").getAsJsonObject(), Set.of("drop"), Set.of());
        for (var capability : Documents.strings(own, "capabilities.drop")) {
            arguments.addAll(List.of("--cap-drop", capability));
        }
    }

    /// Where memory cannot be limited, podman says so and goes on.
    private void resources(List<String> arguments) {
        var resources = Documents.at(container(), "resources").getAsJsonObject();
        known(resources, Set.of("limits"), Set.of("requests"));
        known(Documents.at(resources, "limits").getAsJsonObject(), Set.of("memory"), Set.of());
        // Mi and Gi of Kubernetes are m and g here.
        var memory = Documents.match("^(\\d+[MG])i$", Documents.string(resources, "limits.memory"));
        arguments.addAll(List.of("--memory", memory, "--memory-swap", memory));
    }

    private List<String> mount(JsonObject mount, Path volumes) {
        known(mount, Set.of("name", "mountPath", "readOnly"), Set.of());
        var volume = Documents.string(mount, "name");
        var path = Documents.string(mount, "mountPath");
        var end = mount.has("readOnly") && mount.get("readOnly").getAsBoolean() ? ":ro" : "";
        if (claimed.contains(volume)) {
            return List.of("--volume", volumes.resolve(claim(volume)) + ":" + path + end);
        }
        var source = Documents.objects(spec, "volumes").stream()
                .filter(one -> Documents.string(one, "name").equals(volume))
                .findFirst()
                .orElseThrow();
        known(source, Set.of("name", "configMap", "emptyDir"), Set.of());
        if (source.has("configMap")) {
            known(Documents.at(source, "configMap").getAsJsonObject(), Set.of("name"), Set.of());
            return List.of("--volume", volumes.resolve(Documents.string(source, "configMap.name")) + ":" + path + end);
        }
        known(Documents.at(source, "emptyDir").getAsJsonObject(), Set.of("sizeLimit"), Set.of());
        var size = Documents.match("^(\\d+M)i$", Documents.string(source, "emptyDir.sizeLimit"));
        return List.of("--tmpfs", path + ":rw,exec,nosuid,nodev,mode=1777,size=" + size.replace('M', 'm'));
    }

    /// @param seen keys that count here
    /// @param elsewhere those that say nothing of what runs in the container, or that somebody else reads
    private static void known(JsonObject object, Set<String> seen, Set<String> elsewhere) {
        var unknown = new TreeSet<>(object.keySet());
        unknown.removeAll(seen);
        unknown.removeAll(elsewhere);
        assertTrue(unknown.isEmpty(), () -> "nobody here knows what a container makes of " + unknown);
    }

    private JsonObject container() {
        var containers = Documents.objects(spec, "containers");
        assertEquals(1, containers.size(), () -> name + " has several containers");
        return containers.getFirst();
    }

    /// The names of its claims, as Kubernetes makes them.
    List<String> claims() {
        return claimed.stream().map(this::claim).toList();
    }

    private String claim(String volume) {
        return volume + "-" + name;
    }

    /// Volumes belong to it.
    int group() {
        return Documents.at(spec, "securityContext.fsGroup").getAsInt();
    }

    int graceSeconds() {
        var key = "terminationGracePeriodSeconds";
        return spec.has(key) ? spec.get(key).getAsInt() : GRACE_SECONDS_DEFAULT;
    }

    /// @param name such as `readinessProbe`
    Probe probe(String name) {
        return Probe.of(container(), name);
    }

    /// The command before SIGTERM.
    Optional<List<String>> preStop() {
        return container().has("lifecycle")
                ? Optional.of(Documents.strings(container(), "lifecycle.preStop.exec.command"))
                : Optional.empty();
    }
}
