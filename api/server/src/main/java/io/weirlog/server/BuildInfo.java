package io.weirlog.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;

/// Which build this is.
public final class BuildInfo {
    /// The version of the product, such as `0.1.0-SNAPSHOT`.
    public static final String VERSION = read();

    private BuildInfo() {}

    private static String read() {
        try (var file = BuildInfo.class.getResourceAsStream("build.properties")) {
            if (file == null) {
                throw new IOException("build.properties is missing from the program");
            }
            var properties = new Properties();
            properties.load(file);
            return properties.getProperty("version", "unknown");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
