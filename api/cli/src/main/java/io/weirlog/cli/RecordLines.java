package io.weirlog.cli;

import com.google.gson.JsonParseException;
import io.weirlog.client.ProducerRecord;
import io.weirlog.record.RecordHeader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/// Makes records of lines.
final class RecordLines {
    private final String topic;
    private final Optional<Integer> partition;
    private final RecordFlags flags;
    private final Optional<byte[]> keySeparator;
    private final List<RecordHeader> headers = new ArrayList<>();

    /// @param partition of all records; empty: by key, or any
    RecordLines(String topic, Optional<Integer> partition, RecordFlags flags) {
        this.topic = topic;
        this.partition = partition;
        this.flags = flags;
        this.keySeparator = flags.keySeparator().map(RecordLines::utf8);
        flags.headers().forEach((name, value) -> headers.add(new RecordHeader(name, utf8(value))));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /// @param number of the line, from 1
    ProducerRecord record(byte[] line, long number) throws CommandFailed {
        try {
            var record = switch (flags.form()) {
                case TEXT, HEX -> separated(line);
                case JSON -> json(line);
            };
            for (var header : headers) {
                record = record.withHeader(header.key(), header.value());
            }
            return partition.isPresent() ? record.toPartition(partition.get()) : record;
        } catch (IllegalArgumentException | JsonParseException e) {
            throw new CommandFailed("line " + number + " " + e.getMessage() + "; "
                    + Quantities.count(number - 1, "line") + " before it were sent");
        }
    }

    private ProducerRecord json(byte[] line) {
        var record = JsonRecords.parse(topic, line, flags.keepPartitions());
        return flags.key().isPresent() ? withKey(record, utf8(flags.key().get())) : record;
    }

    private ProducerRecord withKey(ProducerRecord record, byte[] key) {
        var keyed = ProducerRecord.of(topic, key, record.value()).withHeaders(record.headers());
        if (record.timestampMillis().isPresent()) {
            keyed = keyed.at(record.timestampMillis().getAsLong());
        }
        return record.partition().isPresent()
                ? keyed.toPartition(record.partition().getAsInt())
                : keyed;
    }

    private ProducerRecord separated(byte[] line) {
        if (keySeparator.isEmpty()) {
            return ProducerRecord.of(topic, flags.key().map(RecordLines::utf8).orElse(null), decoded(line));
        }
        var separator = keySeparator.get();
        for (int at = 0; at + separator.length <= line.length; at++) {
            if (Arrays.equals(line, at, at + separator.length, separator, 0, separator.length)) {
                var value = Arrays.copyOfRange(line, at + separator.length, line.length);
                return ProducerRecord.of(topic, decoded(Arrays.copyOf(line, at)), decoded(value));
            }
        }
        throw new IllegalArgumentException("has no key separator");
    }

    private byte[] decoded(byte[] bytes) {
        if (flags.form() != RecordFlags.Form.HEX) {
            return bytes;
        }
        try {
            return HexFormat.of().parseHex(new String(bytes, StandardCharsets.ISO_8859_1).strip());
        } catch (IllegalArgumentException malformed) {
            throw new IllegalArgumentException("is not hexadecimal", malformed);
        }
    }
}
