package io.weirlog.cli;

import io.weirlog.client.ConsumerRecord;
import io.weirlog.record.RecordHeader;
import java.io.PrintStream;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Prints records: chosen fields with tabs between, the bytes as they are or in hexadecimal, or JSON with
/// everything.
final class RecordPrinter {
    private final PrintStream out;
    private final OutputOption output;
    private final List<Field> fields;
    private final BytesForm form;

    /// What there is of a record to print.
    enum Field {
        TOPIC,
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

    /// How keys, values and the values of headers look, in text.
    enum BytesForm {
        TEXT,
        HEX
    }

    RecordPrinter(PrintStream out, OutputOption output, List<Field> fields, BytesForm form) {
        this.out = out;
        this.output = output;
        this.fields = List.copyOf(fields);
        this.form = form;
    }

    void print(ConsumerRecord record) {
        if (output.json()) {
            output.print(out, record::toString, () -> JsonRecords.of(record));
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
            case TOPIC -> out.print(record.topic());
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
            switch (form) {
                case TEXT -> out.write(bytes, 0, bytes.length);
                case HEX -> out.print(HexFormat.of().formatHex(bytes));
            }
        }
    }
}
