package io.weirlog.deploy.artifact;

import io.weirlog.deploy.Repository;
import io.weirlog.deploy.Run;
import java.nio.file.Path;
import java.util.Optional;

/// Weirlog with a runtime of its own: image and archive are made of the same one, because making it takes long.
final class Bundle {
    private static Optional<Path> built = Optional.empty();

    private Bundle() {}

    /// Runs a script that makes something of the bundle.
    static Run script(String script, Path argument) throws InterruptedException {
        var builder = new ProcessBuilder(Repository.ROOT.resolve(script).toString(), argument.toString());
        builder.environment().put("WEIRLOG_BUNDLE", folder().toString());
        return Run.of(builder);
    }

    private static synchronized Path folder() throws InterruptedException {
        if (built.isEmpty()) {
            var folder = Repository.ROOT.resolve("deploy/target/bundle");
            try (var run = Run.shell(
                    "rm -rf deploy/target/bundle && deploy/bundle/build deploy/target/bundle", Repository.ROOT)) {
                run.success();
            }
            built = Optional.of(folder);
        }
        return built.get();
    }
}
