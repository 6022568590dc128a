package io.weirlog.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "completion",
        description = {
            "Print a script that completes commands and options.",
            "In bash or zsh: source <(weirlog completion bash)"
        })
final class CompletionCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec
    private CommandSpec command = CommandSpec.create(); // Replaced by picocli.

    enum Shell {
        BASH,
        ZSH
    }

    @Parameters(paramLabel = "bash|zsh", defaultValue = "bash", description = "The shell; default bash.")
    private Shell shell = Shell.BASH;

    CompletionCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        switch (shell) {
            // In zsh the script turns on completion in bash's style first.
            case BASH, ZSH ->
                streams.out().print(AutoComplete.bash("weirlog", command.root().commandLine()));
        }
        return ExitCode.OK;
    }
}
