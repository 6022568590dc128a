package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.weirlog.deploy.Repository;
import io.weirlog.deploy.Run;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The image is small, well-formed, and the same as the Dockerfile's. That it works is shown by `ContainersTest`.
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ImageTest {
    private static final long BYTES_MAX = 120L * 1000 * 1000;
    private static final String DOCKERFILE = Documents.text(Repository.ROOT.resolve("deploy/image/Dockerfile"));

    private BuiltImage image;
    private Path layout;
    private JsonObject manifest;
    private JsonObject config;

    @BeforeAll
    void build(@TempDir Path folder) throws Exception {
        image = BuiltImage.get();
        layout = image.layout(folder);
        var index = Documents.json(layout.resolve("index.json"));
        manifest = BuiltImage.blob(
                layout, Documents.string(Documents.objects(index, "manifests").getFirst(), "digest"));
        config = BuiltImage.blob(layout, Documents.string(manifest, "config.digest"));
    }

    @Test
    void everyPieceIsWhatItsNameSays() throws Exception {
        assertEquals("1.0.0", Documents.string(Documents.json(layout.resolve("oci-layout")), "imageLayoutVersion"));
        var names = new TreeSet<String>();
        try (var blobs = Files.list(layout.resolve("blobs/sha256"))) {
            for (var blob : blobs.toList()) {
                names.add("sha256:" + blob.getFileName());
                assertEquals(blob.getFileName().toString(), sha256(Files.newInputStream(blob)));
            }
        }
        var layers = Documents.objects(manifest, "layers");
        assertEquals(layers.size() + 2, names.size(), names::toString);
        var differences = Documents.strings(config, "rootfs.diff_ids");
        for (int i = 0; i < layers.size(); i++) {
            var file = BuiltImage.blobFile(layout, Documents.string(layers.get(i), "digest"));
            assertEquals(Files.size(file), Documents.at(layers.get(i), "size").getAsLong());
            assertEquals(differences.get(i), "sha256:" + sha256(new GZIPInputStream(Files.newInputStream(file))));
        }
        assertEquals(Documents.objects(config, "history").size(), layers.size());
        var docker = JsonParser.parseString(Documents.text(layout.resolve("manifest.json")))
                .getAsJsonArray()
                .get(0)
                .getAsJsonObject();
        assertEquals(
                layers.stream()
                        .map(layer ->
                                "blobs/" + Documents.string(layer, "digest").replace(':', '/'))
                        .toList(),
                Documents.strings(docker, "Layers"));
    }

    private static String sha256(InputStream content) throws IOException, NoSuchAlgorithmException {
        var digest = MessageDigest.getInstance("SHA-256");
        try (var input = new DigestInputStream(content, digest)) {
            input.transferTo(OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /// What is pulled. Unpacked, the cache for fast starts alone is as large as the rest.
    @Test
    void itIsSmall() throws Exception {
        long bytes = 0;
        long unpackedBytes = 0;
        for (var layer : Documents.objects(manifest, "layers")) {
            var file = BuiltImage.blobFile(layout, Documents.string(layer, "digest"));
            bytes += Files.size(file);
            try (var files = new GZIPInputStream(Files.newInputStream(file))) {
                unpackedBytes += files.transferTo(OutputStream.nullOutputStream());
            }
        }
        System.out.println(image.said);
        System.out.println("pulled: " + bytes / 1_000_000 + " MB, unpacked: " + unpackedBytes / 1_000_000 + " MB");
        long all = bytes;
        assertTrue(bytes <= BYTES_MAX, () -> all + " bytes to pull, at most " + BYTES_MAX + " were promised");
    }

    @Test
    void itIsThatOfTheDockerfile() {
        var last = DOCKERFILE.substring(DOCKERFILE.lastIndexOf("FROM scratch"));
        assertEquals(Documents.match("^USER (.*)$", last), Documents.string(config, "config.User"));
        assertEquals(Documents.match("^WORKDIR (.*)$", last), Documents.string(config, "config.WorkingDir"));
        assertEquals(Documents.match("^STOPSIGNAL (.*)$", last), Documents.string(config, "config.StopSignal"));
        assertEquals(list(Documents.match("^ENTRYPOINT (.*)$", last)), Documents.at(config, "config.Entrypoint"));
        assertEquals(list(Documents.match("^CMD (.*)$", last)), Documents.at(config, "config.Cmd"));
        assertEquals(Documents.matches("^ENV (.*)$", last), Documents.strings(config, "config.Env"));
        assertEquals(
                Set.copyOf(Documents.matches("^VOLUME (.*)$", last)),
                Documents.at(config, "config.Volumes").getAsJsonObject().keySet());
        var ports = new TreeSet<String>();
        for (var port : Documents.match("^EXPOSE (.*)$", last).split(" ", -1)) {
            ports.add(port + "/tcp");
        }
        assertEquals(
                ports,
                Documents.at(config, "config.ExposedPorts").getAsJsonObject().keySet());
        var labels = new TreeSet<>(Documents.matches("(org\\.opencontainers\\.image\\.\\w+)=", last));
        assertEquals(
                labels, Documents.at(config, "config.Labels").getAsJsonObject().keySet());
        var health = Documents.match("^HEALTHCHECK .* CMD (.*)$", last);
        var test = new JsonArray();
        test.add("CMD");
        test.addAll(list(health));
        assertEquals(test, Documents.at(config, "config.Healthcheck.Test"));
        assertEquals(Settings.version(), Documents.match("^ARG VERSION=(.*)$", last));
        assertEquals(
                Settings.version(),
                Documents.at(config, "config.Labels")
                        .getAsJsonObject()
                        .get("org.opencontainers.image.version")
                        .getAsString());
    }

    private static JsonArray list(String json) {
        return JsonParser.parseString(json).getAsJsonArray();
    }

    @Test
    void nothingButTheDataFolderIsWritable() throws Exception {
        var owners = new TreeMap<String, String>();
        for (var layer : Documents.objects(manifest, "layers")) {
            var file = BuiltImage.blobFile(layout, Documents.string(layer, "digest"));
            try (var tar = Run.of(new ProcessBuilder("tar", "--numeric-owner", "-tzvf", file.toString()))) {
                for (var line : tar.success()) {
                    var fields = line.split(" +", 6);
                    owners.put(fields[5], fields[0] + " " + fields[1]);
                }
            }
        }
        assertEquals("drwxr-x--- 10001/10001", owners.remove("./var/lib/weirlog/"));
        assertEquals("drwxrwxrwt 0/0", owners.remove("./tmp/"));
        owners.values().removeIf(owner -> owner.matches("[-dl]r[-w][-x]r-[-x]r-[-x] 0/0|lrwxrwxrwx 0/0"));
        assertEquals(Map.of(), owners);
    }
}
