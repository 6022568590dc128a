package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.client.ClusterDescription;
import io.weirlog.common.BrokerId;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

@Command(name = "info", description = "Show the cluster's controllers and brokers.")
final class ClusterInfoCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    ClusterInfoCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        try (var client = bootstrap.client()) {
            var cluster = client.admin().describeCluster();
            output.print(streams.out(), () -> text(cluster), () -> json(cluster));
        }
        return ExitCode.OK;
    }

    private static String text(ClusterDescription cluster) {
        var controllers = new TextTable("CONTROLLER", "ADDRESS", "STATE");
        cluster.controllers()
                .forEach(controller -> controllers.row(
                        controller.node(),
                        controller.address(),
                        cluster.activeController()
                                        .filter(controller.node()::equals)
                                        .isPresent()
                                ? "active"
                                : "-"));
        return String.join(
                System.lineSeparator(),
                "cluster " + cluster.clusterId() + ", as node " + cluster.node() + " of version " + cluster.version()
                        + " sees it; it works at feature level " + cluster.featureLevel(),
                "",
                controllers.toString(),
                "",
                Brokers.table(cluster.brokers()));
    }

    private static JsonObject json(ClusterDescription cluster) {
        var json = new JsonObject();
        json.addProperty("cluster_id", cluster.clusterId());
        json.addProperty("node_id", cluster.node().value());
        json.addProperty("version", cluster.version());
        json.addProperty("feature_level", cluster.featureLevel());
        cluster.activeController().map(BrokerId::value).ifPresent(id -> json.addProperty("active_controller_id", id));
        var controllers = new JsonArray();
        cluster.controllers().forEach(controller -> {
            var entry = new JsonObject();
            entry.addProperty("node_id", controller.node().value());
            entry.addProperty("address", controller.address());
            controllers.add(entry);
        });
        json.add("controllers", controllers);
        json.add("brokers", Brokers.json(cluster.brokers()));
        return json;
    }
}
