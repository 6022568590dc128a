package io.weirlog.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import java.io.PrintStream;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/// Whether people or programs read the output.
final class OutputOption {
    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

    enum Format {
        TEXT,
        JSON
    }

    @Option(
            names = {"-o", "--output"},
            paramLabel = "text|json",
            defaultValue = "text",
            description = "The form of the output; default text.")
    private Format format = Format.TEXT;

    boolean json() {
        return format == Format.JSON;
    }

    /// Prints one of two forms; JSON goes on one line, so that several make JSON lines.
    void print(PrintStream out, Supplier<String> text, Supplier<JsonElement> json) {
        switch (format) {
            case TEXT -> out.println(text.get());
            case JSON -> out.println(GSON.toJson(json.get()));
        }
    }
}
