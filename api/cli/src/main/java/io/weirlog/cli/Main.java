package io.weirlog.cli;

import io.weirlog.client.StartAt;
import io.weirlog.server.config.ConfigKey;
import io.weirlog.server.config.ConfigKeys;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import picocli.CommandLine;

/// The process behind `weirlog`: runs one command and exits with 0 (done), 1 (failed) or 2 (called wrongly).
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        ResolvedNames.forgetSoon();
        Logging.install();
        System.exit(run(Streams.ofProcess(), arguments));
    }

    /// Returns the exit code.
    static int run(Streams streams, String... arguments) {
        try {
            return commandLine(streams).execute(arguments);
        } catch (OutOfMemoryError full) {
            streams.err().println("weirlog: out of memory: allow more with WEIRLOG_JAVA_OPTS=-Xmx...");
            return CommandLine.ExitCode.SOFTWARE;
        } finally {
            streams.out().flush();
        }
    }

    static CommandLine commandLine(Streams streams) {
        var root = new WeirlogCommand();
        var errors = new ErrorLines(root);
        var topic = new CommandLine(new TopicCommand())
                .addSubcommand(new TopicCreateCommand(streams))
                .addSubcommand(new TopicListCommand(streams))
                .addSubcommand(new TopicDescribeCommand(streams))
                .addSubcommand(new TopicAlterCommand(streams))
                .addSubcommand(new TopicElectLeadersCommand(streams))
                .addSubcommand(new TopicReassignCommand(streams))
                .addSubcommand(new TopicDeleteRecordsCommand(streams))
                .addSubcommand(new TopicDeleteCommand(streams));
        var log = new CommandLine(new LogCommand())
                .addSubcommand(new LogDumpCommand(streams))
                .addSubcommand(new LogVerifyCommand(streams))
                .addSubcommand(new LogStatsCommand(streams));
        var controller = new CommandLine(new ControllerCommand())
                .addSubcommand(new ControllerListCommand(streams))
                .addSubcommand(new ControllerAddCommand(streams))
                .addSubcommand(new ControllerRemoveCommand(streams));
        var metadata = new CommandLine(new MetadataCommand())
                .addSubcommand(new MetadataDumpCommand(streams))
                .addSubcommand(new MetadataHashCommand(streams))
                .addSubcommand(new MetadataExportCommand(streams))
                .addSubcommand(new MetadataRepairCommand(streams));
        var cluster = new CommandLine(new ClusterCommand())
                .addSubcommand(new ClusterInfoCommand(streams))
                .addSubcommand(new ClusterHealthCommand(streams))
                .addSubcommand(new ClusterUpgradeCommand(streams));
        var broker = new CommandLine(new BrokerCommand())
                .addSubcommand(new BrokerListCommand(streams))
                .addSubcommand(new BrokerDescribeCommand(streams))
                .addSubcommand(new BrokerDrainCommand(streams))
                .addSubcommand(new BrokerEvacuateCommand(streams))
                .addSubcommand(new BrokerUnregisterCommand(streams));
        var group = new CommandLine(new GroupCommand())
                .addSubcommand(new GroupListCommand(streams))
                .addSubcommand(new GroupDescribeCommand(streams))
                .addSubcommand(new GroupSeekCommand(streams))
                .addSubcommand(new GroupDeleteCommand(streams));
        var conformance = new CommandLine(new ConformanceCommand())
                .addSubcommand(new ConformanceRunCommand(streams))
                .addSubcommand(new ConformanceListCommand(streams))
                .addSubcommand(new ConformanceDriverCommand(streams));
        return new CommandLine(root)
                .addSubcommand(new QuickstartCommand(streams))
                .addSubcommand(new DevCommand(streams))
                .addSubcommand(serverCommand(streams))
                .addSubcommand(new ProbeCommand(streams))
                .addSubcommand(topic)
                .addSubcommand(group)
                .addSubcommand(cluster)
                .addSubcommand(broker)
                .addSubcommand(log)
                .addSubcommand(controller)
                .addSubcommand(metadata)
                .addSubcommand(new CommandLine(new TlsCommand()).addSubcommand(new TlsInitCommand(streams)))
                .addSubcommand(new ProduceCommand(streams))
                .addSubcommand(new ConsumeCommand(streams))
                .addSubcommand(conformance)
                .addSubcommand(new CompletionCommand(streams))
                .registerConverter(Duration.class, Converters::duration)
                .registerConverter(StartAt.class, Converters::startAt)
                .registerConverter(TopicDeleteRecordsCommand.DeleteBefore.class, Converters::deleteBefore)
                .setOut(new PrintWriter(streams.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(streams.err(), true, StandardCharsets.UTF_8))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(false)
                .setParameterExceptionHandler(errors)
                .setExecutionExceptionHandler(errors);
    }

    /// With the keys of the configuration below its options.
    private static CommandLine serverCommand(Streams streams) {
        var server = new CommandLine(new ServerCommand(streams));
        server.getCommandSpec()
                .usageMessage()
                .footerHeading("%nKeys of the configuration (data.dir is WEIRLOG_DATA_DIR in the environment):%n")
                .footer(ConfigKeys.ALL.stream().map(Main::describe).toArray(String[]::new));
        return server;
    }

    private static String describe(ConfigKey<?> key) {
        var byDefault = key.defaultText().map(text -> ", default " + text).orElse("");
        return "  " + key.name() + byDefault + "%n      " + key.doc() + " It is "
                + key.type().range() + ".";
    }
}
