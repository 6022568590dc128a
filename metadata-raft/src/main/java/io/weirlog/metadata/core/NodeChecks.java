package io.weirlog.metadata.core;

import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.FeatureRange;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// What is checked of every node that makes itself known, broker or controller.
///
/// @param reason of problems with the node's own facts
/// @param node as people call it, such as "broker 3"
record NodeChecks(RejectReason reason, String node, Problems problems) {
    private static final Pattern ENDPOINT_NAME = Pattern.compile("[a-z][a-z0-9-]{0,31}");

    void checkEndpoints(Map<String, Endpoint> endpoints) {
        int count = endpoints.size();
        if (count < 1 || count > MetadataLimits.ENDPOINTS_PER_NODE_MAX) {
            problems.add(
                    reason,
                    "%s: 1 to %d endpoints are needed, not %d",
                    node,
                    MetadataLimits.ENDPOINTS_PER_NODE_MAX,
                    count);
            return;
        }
        new TreeMap<>(endpoints).forEach(this::checkEndpoint);
    }

    private void checkEndpoint(String name, Endpoint endpoint) {
        if (!ENDPOINT_NAME.matcher(name).matches()) {
            problems.add(reason, "%s: endpoint name must match %s", node, ENDPOINT_NAME.pattern());
            return;
        }
        if (endpoint.host().isBlank() || endpoint.host().length() > MetadataLimits.HOST_CHARS_MAX) {
            problems.add(
                    reason,
                    "%s: the host of endpoint %s has 1 to %d characters",
                    node,
                    name,
                    MetadataLimits.HOST_CHARS_MAX);
        }
        if (endpoint.port() < 1 || endpoint.port() > 65_535) {
            problems.add(reason, "%s: the port of endpoint %s is 1 to 65535, not %d", node, name, endpoint.port());
        }
    }

    /// @param level that the cluster works at
    void checkFeatures(FeatureRange features, int level) {
        if (features.min() < FeatureRange.FIRST_LEVEL || features.max() < features.min()) {
            problems.add(reason, "%s: no feature levels from %d to %d", node, features.min(), features.max());
        } else if (!features.includes(level)) {
            problems.add(
                    RejectReason.UNSUPPORTED_FEATURE_LEVEL,
                    "%s supports feature level %s, the cluster works at %d: run a version that supports it",
                    node,
                    features,
                    level);
        }
    }
}
