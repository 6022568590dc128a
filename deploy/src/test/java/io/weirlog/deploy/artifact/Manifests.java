package io.weirlog.deploy.artifact;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.gson.JsonObject;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Reads manifests as strictly as the API of Kubernetes: no field that it does not know, none of another type.
final class Manifests {
    private static final Map<String, Class<?>> KINDS = Map.ofEntries(
            Map.entry("apps/v1 StatefulSet", StatefulSet.class),
            Map.entry("v1 Service", Service.class),
            Map.entry("v1 ConfigMap", ConfigMap.class),
            Map.entry("v1 ServiceAccount", ServiceAccount.class),
            Map.entry("batch/v1 Job", Job.class),
            Map.entry("policy/v1 PodDisruptionBudget", PodDisruptionBudget.class),
            Map.entry("networking.k8s.io/v1 NetworkPolicy", NetworkPolicy.class),
            Map.entry("rbac.authorization.k8s.io/v1 ClusterRole", ClusterRole.class),
            Map.entry("rbac.authorization.k8s.io/v1 ClusterRoleBinding", ClusterRoleBinding.class));

    /// Kinds of others, for which there is no model here: only what all kinds have is looked at.
    private static final Set<String> OF_OTHERS = Set.of(
            "monitoring.coreos.com/v1 ServiceMonitor",
            "monitoring.coreos.com/v1 PrometheusRule",
            "cert-manager.io/v1 Certificate");

    private static final JsonMapper STRICT = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .annotationIntrospector(new NoPlaceForUnknownFields())
            .build();

    private Manifests() {}

    /// The model keeps fields that it does not know; here they are errors.
    private static final class NoPlaceForUnknownFields extends JacksonAnnotationIntrospector {
        private static final long serialVersionUID = 1;

        @Override
        public Boolean hasAnySetter(Annotated annotated) {
            return false;
        }
    }

    static void check(JsonObject manifest) {
        var kind = Documents.string(manifest, "apiVersion") + " " + Documents.string(manifest, "kind");
        if (OF_OTHERS.contains(kind)) {
            if (!manifest.keySet().equals(Set.of("apiVersion", "kind", "metadata", "spec"))) {
                throw new AssertionError(kind + " has " + manifest.keySet());
            }
            return;
        }
        var type = Optional.ofNullable(KINDS.get(kind))
                .orElseThrow(() -> new AssertionError("a chart of ours makes no " + kind));
        try {
            STRICT.readValue(manifest.toString(), type);
        } catch (JsonProcessingException e) {
            throw new AssertionError(kind + ": " + e.getMessage() + "\n" + manifest, e);
        }
    }
}
