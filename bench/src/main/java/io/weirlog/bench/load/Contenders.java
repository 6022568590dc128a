package io.weirlog.bench.load;

import io.weirlog.bench.cluster.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Clusters that are up at the same time and take turns: what disturbs the machine for a while meets all of them.
final class Contenders implements AutoCloseable {
    static final String KAFKA = "kafka";

    private final Path folder;
    private final Map<String, Contender> started = new LinkedHashMap<>();

    interface Step {
        void of(String name, Contender contender) throws Exception;
    }

    private Contenders(Path folder) {
        this.folder = folder;
    }

    /// @param directory where the nodes' data go; empty: a temporary folder
    static Contenders start(List<String> names, int nodes, Optional<Path> directory) throws Exception {
        var contenders = new Contenders(folder(directory));
        try {
            for (var name : names) {
                var folder = Files.createDirectory(contenders.folder.resolve(name.replace(' ', '-')));
                contenders.started.put(name, start(name, folder, nodes));
            }
            return contenders;
        } catch (Exception e) {
            contenders.close();
            throw e;
        }
    }

    static Path folder(Optional<Path> directory) throws Exception {
        return directory.isPresent()
                ? Files.createTempDirectory(directory.get(), "weirlog-load")
                : Files.createTempDirectory("weirlog-load");
    }

    static Contender start(String name, Path folder, int nodes) throws Exception {
        return switch (name) {
            case "weirlog fsync" -> new WeirlogContender(folder, nodes, "fsync");
            case "weirlog page-cache" -> new WeirlogContender(folder, nodes, "page-cache");
            case "weirlog tls" -> WeirlogContender.overTls(folder, nodes, "page-cache");
            case KAFKA -> new KafkaContender(folder, nodes);
            default ->
                throw new IllegalArgumentException(
                        "--only takes some of weirlog fsync, weirlog page-cache, weirlog tls, kafka");
        };
    }

    /// One after the other, each in the order in which they were named.
    void each(String what, Step step) throws Exception {
        for (var one : started.entrySet()) {
            System.err.printf("%s: %s%n", what, one.getKey());
            step.of(one.getKey(), one.getValue());
        }
    }

    @Override
    public void close() throws IOException {
        started.values().forEach(Contender::close);
        try {
            Folders.delete(folder);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
