package io.weirlog.deploy.artifact;

import com.google.gson.JsonObject;
import io.weirlog.deploy.Repository;
import io.weirlog.deploy.Run;
import java.nio.file.Path;
import java.util.Optional;

/// The image as `deploy/image/build` makes it.
final class BuiltImage {
    /// What it is called once it is loaded.
    static final String NAME = "weirlog:" + Settings.version();

    private static Optional<BuiltImage> built = Optional.empty();

    final Path archive;
    final String said;

    private BuiltImage(Path archive, String said) {
        this.archive = archive;
        this.said = said;
    }

    /// The image where `deploy/image/build` puts it by itself. It is made once for all tests of a run.
    static synchronized BuiltImage get() throws InterruptedException {
        if (built.isEmpty()) {
            var archive = Repository.ROOT.resolve("deploy/target/image/weirlog-" + Settings.version() + ".oci.tar");
            try (var run = Bundle.script("deploy/image/build", archive)) {
                built = Optional.of(new BuiltImage(archive, run.success().getLast()));
            }
        }
        return built.get();
    }

    /// Unpacks the archive.
    Path layout(Path folder) throws InterruptedException {
        try (var tar = Run.of(new ProcessBuilder("tar", "-xf", archive.toString(), "-C", folder.toString()))) {
            tar.success();
        }
        return folder;
    }

    static JsonObject blob(Path layout, String digest) {
        return Documents.json(blobFile(layout, digest));
    }

    static Path blobFile(Path layout, String digest) {
        return layout.resolve("blobs").resolve(digest.replace(':', '/'));
    }
}
