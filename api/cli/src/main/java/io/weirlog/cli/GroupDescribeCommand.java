package io.weirlog.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "describe",
        description = "Show a group's members, what each of them reads, and how far the group is behind.")
final class GroupDescribeCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Parameters(paramLabel = "NAME", description = "The name of the group.")
    private String name = "";

    GroupDescribeCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        try (var client = bootstrap.client()) {
            var group = client.groups().describe(name);
            output.print(streams.out(), () -> Groups.text(group), () -> Groups.json(group));
        }
        return ExitCode.OK;
    }
}
