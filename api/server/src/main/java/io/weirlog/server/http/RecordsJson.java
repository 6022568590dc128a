package io.weirlog.server.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import io.weirlog.v1.Acks;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.Appended;
import io.weirlog.v1.Compression;
import io.weirlog.v1.ConsumedRecord;
import io.weirlog.v1.FetchedPartition;
import io.weirlog.v1.Header;
import io.weirlog.v1.ProducerSequence;
import io.weirlog.v1.Record;
import io.weirlog.v1.RecordList;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Records and what became of them, in JSON.
///
/// Bytes that are text in UTF-8 are a JSON string, all others `{"base64": "…"}`, and no bytes at all are null; the same
/// in both directions, so that what was read can be written again.
final class RecordsJson {
    static final java.time.Duration TIMEOUT_MAX = java.time.Duration.ofSeconds(30);

    private static final Set<String> REQUEST_FIELDS =
            ordered("records", "partition", "acks", "timeout", "compression", "expected_base_offset", "producer");
    private static final Set<String> RECORD_FIELDS = ordered("key", "value", "headers", "timestamp");
    private static final Set<String> HEADER_FIELDS = ordered("key", "value");
    private static final Set<String> PRODUCER_FIELDS = ordered("client_id", "base_sequence");
    private static final String BASE64 = "base64";

    private RecordsJson() {}

    private static Set<String> ordered(String... names) {
        return new LinkedHashSet<>(List.of(names));
    }

    // Writing.

    static AppendRequest request(String topic, JsonElement body) throws HttpRefusal {
        var fields = JsonFields.of(body, "the request", REQUEST_FIELDS);
        var request = AppendRequest.newBuilder().setTopic(topic).setRecords(records(fields));
        fields.integer("partition", 0, Integer.MAX_VALUE).ifPresent(number -> request.setPartition((int) number));
        fields.integer("expected_base_offset", 0, Long.MAX_VALUE).ifPresent(request::setExpectedBaseOffset);
        var timeout = fields.duration("timeout", TIMEOUT_MAX).orElse(TIMEOUT_MAX);
        request.setTimeout(proto(timeout));
        var acks = fields.text("acks");
        if (acks.isPresent()) {
            request.setAcks(acks(acks.get()));
        }
        var compression = fields.text("compression");
        if (compression.isPresent()) {
            request.setCompression(compression(compression.get()));
        }
        var producer = fields.get("producer");
        if (producer.isPresent()) {
            request.setProducer(producer(JsonFields.of(producer.get(), "'producer'", PRODUCER_FIELDS)));
        }
        return request.build();
    }

    static Duration proto(java.time.Duration duration) {
        var millis = duration.toMillis();
        return Duration.newBuilder()
                .setSeconds(millis / 1000)
                .setNanos((int) (millis % 1000) * 1_000_000)
                .build();
    }

    private static Acks acks(String text) throws HttpRefusal {
        return switch (text) {
            case "all" -> Acks.ACKS_ALL;
            case "leader" -> Acks.ACKS_LEADER;
            case "none" -> Acks.ACKS_NONE;
            default -> throw HttpRefusal.of("'acks' must be all, leader or none");
        };
    }

    private static Compression compression(String text) throws HttpRefusal {
        return switch (text) {
            case "none" -> Compression.COMPRESSION_NONE;
            case "gzip" -> Compression.COMPRESSION_GZIP;
            case "snappy" -> Compression.COMPRESSION_SNAPPY;
            case "lz4" -> Compression.COMPRESSION_LZ4;
            case "zstd" -> Compression.COMPRESSION_ZSTD;
            default -> throw HttpRefusal.of("'compression' must be none, gzip, snappy, lz4 or zstd");
        };
    }

    private static ProducerSequence producer(JsonFields fields) throws HttpRefusal {
        return ProducerSequence.newBuilder()
                .setClientId(
                        fields.text("client_id").orElseThrow(() -> HttpRefusal.of("'producer' needs a 'client_id'")))
                .setBaseSequence((int) fields.integer("base_sequence", 0, Integer.MAX_VALUE)
                        .orElseThrow(() -> HttpRefusal.of("'producer' needs a 'base_sequence'")))
                .build();
    }

    private static RecordList records(JsonFields request) throws HttpRefusal {
        var given = request.get("records")
                .filter(JsonElement::isJsonArray)
                .orElseThrow(() -> HttpRefusal.of("the request needs 'records', an array of objects"));
        var records = RecordList.newBuilder();
        for (var element : given.getAsJsonArray()) {
            records.addRecords(record(element, "record " + records.getRecordsCount()));
        }
        return records.build();
    }

    private static Record record(JsonElement element, String where) throws HttpRefusal {
        var fields = JsonFields.of(element, where, RECORD_FIELDS);
        if (!fields.object().has("value")) {
            throw HttpRefusal.of(where + " has no 'value': give null for none");
        }
        var record = Record.newBuilder();
        var key = fields.get("key");
        if (key.isPresent()) {
            record.setKey(bytes(key.get(), "'key' of " + where));
        }
        var value = fields.get("value");
        if (value.isPresent()) {
            record.setValue(bytes(value.get(), "'value' of " + where));
        }
        var headers = fields.get("headers");
        if (headers.isPresent()) {
            if (!headers.get().isJsonArray()) {
                throw HttpRefusal.of("'headers' of " + where + " must be an array of objects with 'key' and 'value'");
            }
            for (var header : headers.get().getAsJsonArray()) {
                record.addHeaders(header(header, "a header of " + where));
            }
        }
        var timestamp = fields.text("timestamp");
        if (timestamp.isPresent()) {
            record.setTimestamp(timestamp(timestamp.get(), where));
        }
        return record.build();
    }

    private static Header header(JsonElement element, String where) throws HttpRefusal {
        var fields = JsonFields.of(element, where, HEADER_FIELDS);
        var header = Header.newBuilder()
                .setKey(fields.text("key").orElseThrow(() -> HttpRefusal.of(where + " has no 'key'")));
        var value = fields.get("value");
        if (value.isPresent()) {
            header.setValue(bytes(value.get(), "'value' of " + where));
        }
        return header.build();
    }

    private static ByteString bytes(JsonElement element, String where) throws HttpRefusal {
        if (element instanceof JsonPrimitive primitive && primitive.isString()) {
            return ByteString.copyFromUtf8(JsonFields.whole(primitive.getAsString(), where));
        }
        if (element instanceof JsonObject object
                && object.size() == 1
                && object.get(BASE64) instanceof JsonPrimitive primitive
                && primitive.isString()) {
            try {
                return ByteString.copyFrom(Base64.getDecoder().decode(primitive.getAsString()));
            } catch (IllegalArgumentException e) {
                throw HttpRefusal.of(where + " is not base64");
            }
        }
        throw HttpRefusal.of(where + " must be text, {\"base64\": \"…\"} or null");
    }

    private static Timestamp timestamp(String text, String where) throws HttpRefusal {
        try {
            var time = Instant.parse(text);
            return Timestamp.newBuilder()
                    .setSeconds(time.getEpochSecond())
                    .setNanos(time.getNano())
                    .build();
        } catch (DateTimeParseException e) {
            throw HttpRefusal.of("'timestamp' of " + where + " must be like 2026-01-31T12:00:00Z");
        }
    }

    /// What became of an append.
    static JsonObject result(AppendResult result) {
        var json = new JsonObject();
        json.addProperty("partition", result.getPartition());
        if (result.getRecordIndexesCount() > 0) {
            var indexes = new JsonArray();
            result.getRecordIndexesList().forEach(indexes::add);
            json.add("record_indexes", indexes);
        }
        if (result.hasFailure()) {
            json.add("error", HttpErrors.error(result.getFailure()));
        } else {
            appended(json, result.getAppended());
        }
        return json;
    }

    private static void appended(JsonObject json, Appended appended) {
        if (appended.hasBaseOffset()) {
            json.addProperty("base_offset", appended.getBaseOffset());
        }
        json.addProperty("record_count", appended.getRecordCount());
        json.addProperty("leader_epoch", appended.getLeaderEpoch());
        if (appended.hasAppendTime()) {
            json.addProperty("append_time", text(appended.getAppendTime()));
        }
        json.addProperty("acknowledged_by", appended.getAcknowledgedBy());
        json.addProperty(
                "durability",
                appended.getDurability()
                        .name()
                        .substring("DURABILITY_".length())
                        .toLowerCase(Locale.ROOT));
        if (appended.getRepeated()) {
            json.addProperty("repeated", true);
        }
    }

    // Reading.

    /// @param recordsMax more are left out, and read next time
    static JsonObject fetched(FetchedPartition fetched, int recordsMax, boolean base64) {
        var records = fetched.getRecords().getRecordsList();
        var cut = records.size() > recordsMax;
        var json = new JsonObject();
        json.addProperty("topic", fetched.getTopic());
        json.addProperty("partition", fetched.getPartition());
        json.addProperty("log_start_offset", fetched.getLogStartOffset());
        json.addProperty("high_watermark", fetched.getHighWatermark());
        json.addProperty("next_offset", cut ? records.get(recordsMax - 1).getOffset() + 1 : fetched.getNextOffset());
        var list = new JsonArray();
        records.stream().limit(recordsMax).forEach(record -> list.add(record(record, base64)));
        json.add("records", list);
        return json;
    }

    private static JsonObject record(ConsumedRecord record, boolean base64) {
        var json = new JsonObject();
        json.addProperty("offset", record.getOffset());
        json.addProperty("timestamp", text(record.getTimestamp()));
        json.add("key", record.hasKey() ? json(record.getKey(), base64) : JsonNull.INSTANCE);
        json.add("value", record.hasValue() ? json(record.getValue(), base64) : JsonNull.INSTANCE);
        var headers = new JsonArray();
        for (var header : record.getHeadersList()) {
            var one = new JsonObject();
            one.addProperty("key", header.getKey());
            one.add("value", header.hasValue() ? json(header.getValue(), base64) : JsonNull.INSTANCE);
            headers.add(one);
        }
        json.add("headers", headers);
        return json;
    }

    private static JsonElement json(ByteString bytes, boolean base64) {
        if (!base64 && bytes.isValidUtf8()) {
            return new JsonPrimitive(bytes.toStringUtf8());
        }
        var json = new JsonObject();
        json.addProperty(BASE64, Base64.getEncoder().encodeToString(bytes.toByteArray()));
        return json;
    }

    /// Whatever a record's time is: one beyond all calendars is told in seconds.
    private static String text(Timestamp time) {
        try {
            return Instant.ofEpochSecond(time.getSeconds(), time.getNanos()).toString();
        } catch (DateTimeException e) {
            return time.getSeconds() + "s";
        }
    }
}
