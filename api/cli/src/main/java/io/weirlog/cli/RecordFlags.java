package io.weirlog.cli;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/// How lines become records.
final class RecordFlags {
    /// What a line is.
    enum Form {
        TEXT,
        HEX,
        JSON;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static final class Keys {
        @Option(
                names = "--key-separator",
                paramLabel = "TEXT",
                description = "What stands between key and value of a line; default: no keys.")
        private Optional<String> separator = Optional.empty();

        @Option(names = "--key", paramLabel = "KEY", description = "The key of all records.")
        private Optional<String> key = Optional.empty();
    }

    @Option(
            names = "--format",
            paramLabel = "text|hex|json",
            defaultValue = "text",
            description = {
                "What a line is: the value as it is (text) or in hexadecimal, with --key-separator the key before it;"
                        + " or a JSON object as `consume -o json` prints it, of which topic, partition and offset do"
                        + " not count; default text."
            })
    private Form form = Form.TEXT;

    @ArgGroup(exclusive = true)
    private Keys keys = new Keys();

    @Option(
            names = {"-H", "--header"},
            paramLabel = "NAME=VALUE",
            description = "A header of all records; may be given several times.")
    private Map<String, String> headers = new LinkedHashMap<>();

    @Option(
            names = "--keep-partitions",
            description = "With --format json: writes each record to the partition that it names.")
    private boolean keepPartitions;

    Form form() {
        return form;
    }

    /// `\t` in it means a tab.
    Optional<String> keySeparator() {
        return keys.separator.map(text -> text.replace("\\t", "\t"));
    }

    Optional<String> key() {
        return keys.key;
    }

    Map<String, String> headers() {
        return headers;
    }

    boolean keepPartitions() {
        return keepPartitions;
    }
}
