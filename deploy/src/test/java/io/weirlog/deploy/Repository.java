package io.weirlog.deploy;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Where things are in a checkout.
public final class Repository {
    public static final Path ROOT = root();
    static final Path EXAMPLES = ROOT.resolve("api/examples");

    private Repository() {}

    private static Path root() {
        var folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.exists(folder.resolve("weirlog"))) {
            folder = folder.getParent();
        }
        if (folder == null) {
            throw new IllegalStateException("the tests run outside of a checkout");
        }
        return folder;
    }

    /// Skips the test where a tool is not installed, unless the environment says that all tools must be there.
    public static void needs(String tool, boolean installed) {
        if (System.getenv("WEIRLOG_REQUIRE_TOOLS") != null && !installed) {
            throw new AssertionError(tool + " is not installed, and WEIRLOG_REQUIRE_TOOLS is set");
        }
        assumeTrue(installed, tool + " is not installed");
    }

    /// The commands of all shell blocks of a document: lines, or several that a backslash joins.
    public static List<String> shellCommands(Path document) throws IOException {
        List<String> commands = new ArrayList<>();
        var inBlock = false;
        for (var line :
                Files.readString(document).replaceAll("\\\\\n *", "").lines().toList()) {
            if (line.startsWith("```")) {
                inBlock = line.equals("```sh");
            } else if (inBlock && !line.isBlank()) {
                commands.add(line);
            }
        }
        return commands;
    }
}
