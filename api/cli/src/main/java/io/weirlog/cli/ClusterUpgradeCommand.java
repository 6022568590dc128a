package io.weirlog.cli;

import com.google.gson.JsonObject;
import io.weirlog.client.FeatureUpgrade;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "upgrade",
        description = "Use what a newer version brought, once all nodes run it; there is no way back.")
final class ClusterUpgradeCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Option(
            names = "--level",
            paramLabel = "LEVEL",
            defaultValue = "0",
            description = "The feature level to work at; default: the highest that all nodes support.")
    private int level;

    @Option(names = "--dry-run", description = "Only tell whether it could be done.")
    private boolean dryRun;

    @Option(
            names = {"-y", "--yes"},
            description = "Do not ask.")
    private boolean yes;

    ClusterUpgradeCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws CommandFailed {
        var wanted = level == 0 ? OptionalInt.empty() : OptionalInt.of(level);
        try (var client = bootstrap.client()) {
            var possible = client.admin().upgradeCluster(wanted, true);
            if (dryRun || possible.level() == possible.before()) {
                print(possible);
                return ExitCode.OK;
            }
            if (!yes
                    && !Confirmation.ask(
                            streams,
                            "raise the feature level from %d to %d? Older versions cannot join from then on"
                                    .formatted(possible.before(), possible.level()))) {
                throw new CommandFailed("nothing was changed: say yes, or give --yes");
            }
            print(client.admin().upgradeCluster(OptionalInt.of(possible.level()), false));
        }
        return ExitCode.OK;
    }

    private void print(FeatureUpgrade upgrade) {
        output.print(streams.out(), () -> text(upgrade), () -> {
            var json = new JsonObject();
            json.addProperty("feature_level_before", upgrade.before());
            json.addProperty("feature_level", upgrade.level());
            json.addProperty("dry_run", dryRun);
            return json;
        });
    }

    private String text(FeatureUpgrade upgrade) {
        if (upgrade.before() == upgrade.level()) {
            return "the cluster works at feature level " + upgrade.level()
                    + (level == 0 ? " already, the highest that all nodes support" : " already");
        }
        return (dryRun ? "the feature level could be raised from %d to %d" : "raised the feature level from %d to %d")
                .formatted(upgrade.before(), upgrade.level());
    }
}
