package io.weirlog.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/// The three streams of a process. What is printed is UTF-8 whatever the locale says: records mostly are, too.
///
/// @param out results only, flushed when a command ends
/// @param err errors and progress, flushed with every line
/// @param terminal whether a person watches `err`, so that progress bars make sense
record Streams(InputStream in, PrintStream out, PrintStream err, boolean terminal) {
    private static final int OUT_BUFFER_BYTES = 64 * 1024;

    /// The JVM cannot tell for standard error alone, so the launcher does.
    private static final String TERMINAL_PROPERTY = "weirlog.terminal";

    static Streams ofProcess() {
        return of(
                new FileInputStream(FileDescriptor.in),
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err),
                Boolean.getBoolean(TERMINAL_PROPERTY));
    }

    static Streams of(InputStream in, OutputStream out, OutputStream err, boolean terminal) {
        var buffered = new BufferedOutputStream(out, OUT_BUFFER_BYTES);
        return new Streams(
                in,
                new PrintStream(buffered, false, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                terminal);
    }
}
