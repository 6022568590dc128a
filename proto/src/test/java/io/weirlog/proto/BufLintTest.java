package io.weirlog.proto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The contracts pass Buf's STANDARD rules without exceptions. Needs `npm ci` in proto/; without it the test is
/// skipped, or fails where WEIRLOG_REQUIRE_TOOLS=1.
class BufLintTest {
    /// Maven runs the tests of a module in its folder.
    private static final Path BUF = Path.of("node_modules", ".bin", "buf").toAbsolutePath();

    @TempDir
    Path folder;

    @Test
    void theContractsPassTheLinter() throws IOException, InterruptedException {
        requireBuf();
        var findings = lint(Path.of("").toAbsolutePath());
        assertEquals("exit code 0", findings);
    }

    /// Otherwise a linter that looks at nothing would pass.
    @Test
    void theLinterFindsWhatIsWrong() throws IOException, InterruptedException {
        requireBuf();
        Files.copy(Path.of("buf.yaml"), folder.resolve("buf.yaml"));
        var wrong = Files.createDirectories(folder.resolve("src/main/proto/weirlog/v1"))
                .resolve("wrong.proto");
        Files.writeString(wrong, "syntax = \"proto3\";\npackage weirlog.v1;\nmessage lower {}\n");
        var findings = lint(folder);
        assertTrue(findings.contains("should be PascalCase"), findings);
    }

    private static void requireBuf() {
        var installed = Files.isExecutable(BUF);
        if ("1".equals(System.getenv("WEIRLOG_REQUIRE_TOOLS"))) {
            assertTrue(installed, () -> BUF + " is missing: run npm ci in proto/");
        }
        assumeTrue(installed, "buf is not installed");
    }

    private String lint(Path module) throws IOException, InterruptedException {
        var output = folder.resolve("output");
        var process = new ProcessBuilder(BUF.toString(), "lint")
                .directory(module.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), "buf did not end");
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(output, StandardCharsets.UTF_8) + "exit code " + process.exitValue();
    }
}
