package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.weirlog.client.ConsumerRecord;
import io.weirlog.record.RecordHeader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Prints records: chosen fields with tabs between, the bytes as they are, or JSON with everything.
final class RecordPrinter {
    private final PrintStream out;
    private final OutputOption output;
    private final List<Field> fields;

    /// What there is of a record to print.
    enum Field {
        PARTITION,
        OFFSET,
        TIMESTAMP,
        KEY,
        VALUE,
        HEADERS;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    RecordPrinter(PrintStream out, OutputOption output, List<Field> fields) {
        this.out = out;
        this.output = output;
        this.fields = List.copyOf(fields);
    }

    void print(ConsumerRecord record) {
        if (output.json()) {
            output.print(out, record::toString, () -> json(record));
            return;
        }
        for (int i = 0; i < fields.size(); i++) {
            if (i > 0) {
                out.write('\t');
            }
            print(fields.get(i), record);
        }
        out.write('\n');
    }

    private void print(Field field, ConsumerRecord record) {
        switch (field) {
            case PARTITION -> out.print(record.partition());
            case OFFSET -> out.print(record.offset());
            case TIMESTAMP -> record.timestampMillis().ifPresent(millis -> out.print(Instant.ofEpochMilli(millis)));
            case KEY -> printBytes(record.key());
            case VALUE -> printBytes(record.value());
            case HEADERS -> printHeaders(record.headers());
        }
    }

    private void printHeaders(List<RecordHeader> headers) {
        var separator = "";
        for (var header : headers) {
            out.print(separator + header.key() + "=");
            printBytes(header.value());
            separator = ",";
        }
    }

    /// A missing key or value looks like an empty one; the JSON form tells them apart.
    private void printBytes(byte @Nullable [] bytes) {
        if (bytes != null) {
            out.write(bytes, 0, bytes.length);
        }
    }

    private static JsonObject json(ConsumerRecord record) {
        var json = new JsonObject();
        json.addProperty("topic", record.topic());
        json.addProperty("partition", record.partition());
        json.addProperty("offset", record.offset());
        record.timestampMillis()
                .ifPresent(millis -> json.addProperty(
                        "timestamp", Instant.ofEpochMilli(millis).toString()));
        addBytes(json, "key", record.key());
        addBytes(json, "value", record.value());
        var headers = new JsonArray();
        record.headers().forEach(header -> {
            var entry = new JsonObject();
            entry.addProperty("key", header.key());
            addBytes(entry, "value", header.value());
            headers.add(entry);
        });
        json.add("headers", headers);
        return json;
    }

    /// Bytes that are no UTF-8 go under the name with `_base64`.
    private static void addBytes(JsonObject json, String name, byte @Nullable [] bytes) {
        if (bytes == null) {
            json.add(name, JsonNull.INSTANCE);
            return;
        }
        try {
            json.addProperty(
                    name,
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(bytes))
                            .toString());
        } catch (CharacterCodingException binary) {
            json.addProperty(name + "_base64", Base64.getEncoder().encodeToString(bytes));
        }
    }
}
