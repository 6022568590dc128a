package io.weirlog.cli;

import io.weirlog.client.WeirlogException;
import io.weirlog.metadata.inspect.MetadataFilesException;
import io.weirlog.server.NodeStartException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/// Turns what went wrong into one line on standard error and an exit code.
final class ErrorLines implements IParameterExceptionHandler, IExecutionExceptionHandler {
    private final WeirlogCommand root;

    ErrorLines(WeirlogCommand root) {
        this.root = root;
    }

    @Override
    public int handleParseException(ParameterException wrong, String[] arguments) {
        var commandLine = wrong.getCommandLine();
        var suggestion = wrong instanceof UnmatchedArgumentException unmatched
                ? unmatched.getSuggestions().stream().findFirst()
                : Optional.<String>empty();
        var meant = suggestion.map(word -> "; did you mean " + word + "?").orElse("");
        var help = "; see " + commandLine.getCommandSpec().qualifiedName() + " --help";
        commandLine.getErr().println("weirlog: " + oneLine(String.valueOf(wrong.getMessage())) + meant + help);
        return ExitCode.USAGE;
    }

    @Override
    public int handleExecutionException(Exception failure, CommandLine commandLine, ParseResult parsed) {
        var err = commandLine.getErr();
        err.println("weirlog: " + oneLine(describe(failure)));
        if (root.verbose()) {
            failure.printStackTrace(err);
        }
        return exitCode(failure);
    }

    static int exitCode(Exception failure) {
        return failure instanceof IllegalArgumentException ? ExitCode.USAGE : ExitCode.SOFTWARE;
    }

    /// What to tell a person: our own exceptions carry it; the JDK's for files name the file and nothing else.
    static String describe(Throwable failure) {
        var message = Optional.ofNullable(failure.getMessage());
        return switch (failure) {
            case CommandFailed failed -> message.orElse("failed");
            case NodeStartException notStarted -> message.orElse("the node did not start");
            case MetadataFilesException unreadable -> message.orElse("the metadata cannot be read");
            case IllegalArgumentException wrong -> message.orElse("an option is out of its range");
            case WeirlogException refused -> message.orElse("failed");
            case NoSuchFileException missing -> "no such file: " + missing.getFile();
            case AccessDeniedException denied -> "permission denied: " + denied.getFile();
            case FileSystemException file ->
                file.getFile() + ": " + Optional.ofNullable(file.getReason()).orElse("failed");
            case CompletionException wrapper when wrapper.getCause() != null -> describe(wrapper.getCause());
            case ExecutionException wrapper when wrapper.getCause() != null -> describe(wrapper.getCause());
            case java.io.IOException io -> message.orElse(io.getClass().getSimpleName());
            default ->
                "unexpected " + failure.getClass().getSimpleName()
                        + message.map(text -> ": " + text).orElse("") + " (run it with --verbose to see where)";
        };
    }

    /// Text of strangers must neither break the line nor steer a terminal.
    static String oneLine(String text) {
        return text.strip().replaceAll("\\s*\\R\\s*", " ").replaceAll("\\p{Cntrl}", "?");
    }
}
