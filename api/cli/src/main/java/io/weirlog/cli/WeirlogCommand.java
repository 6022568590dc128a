package io.weirlog.cli;

import io.weirlog.server.BuildInfo;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/// `weirlog` by itself: only the place where the commands hang, and the options that all of them have.
@Command(
        name = "weirlog",
        description = "A replicated, partitioned, persistent log.",
        scope = ScopeType.INHERIT,
        mixinStandardHelpOptions = true,
        versionProvider = WeirlogCommand.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:failed", "2:called wrongly"})
final class WeirlogCommand {
    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Show where in the program an error arose.")
    private boolean verbose;

    boolean verbose() {
        return verbose;
    }

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"weirlog " + BuildInfo.VERSION};
        }
    }
}
