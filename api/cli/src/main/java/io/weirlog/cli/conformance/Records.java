package io.weirlog.cli.conformance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.weirlog.client.ConsumerOptions;
import io.weirlog.client.ConsumerRecord;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.StartAt;
import io.weirlog.client.WeirlogClient;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Records in the form in which drivers give and take them: bytes as text in which each character is one byte, times in
/// milliseconds since 1970, headers as pairs.
final class Records {
    private static final long READ_SECONDS = 20;

    private Records() {}

    static ProducerRecord toWrite(String topic, JsonObject record) {
        var plain = ProducerRecord.of(topic, bytes(record.get("key")), bytes(record.get("value")));
        if (record.get("headers") instanceof JsonArray headers) {
            for (var header : headers) {
                var pair = header.getAsJsonArray();
                plain = plain.withHeader(pair.get(0).getAsString(), bytes(pair.get(1)));
            }
        }
        return record.has("timestamp_ms") ? plain.at(record.get("timestamp_ms").getAsLong()) : plain;
    }

    private static byte @Nullable [] bytes(@Nullable JsonElement text) {
        return text == null || text.isJsonNull() ? null : text.getAsString().getBytes(ISO_8859_1);
    }

    /// The records of partition 0 up to an offset.
    static JsonArray read(WeirlogClient client, String topic, long end) {
        var records = new JsonArray();
        var until = System.nanoTime() + TimeUnit.SECONDS.toNanos(READ_SECONDS);
        var options = ConsumerOptions.builder().partition(topic, 0, StartAt.earliest());
        try (var consumer = client.consumer(options.build())) {
            for (long next = 0; next < end && System.nanoTime() - until < 0; ) {
                for (var record : consumer.poll(Duration.ofMillis(500))) {
                    records.add(json(record));
                    next = record.offset() + 1;
                }
            }
        }
        return records;
    }

    static JsonObject json(ConsumerRecord record) {
        var json = new JsonObject();
        json.addProperty("partition", record.partition());
        json.addProperty("offset", record.offset());
        record.timestampMillis().ifPresent(millis -> json.addProperty("timestamp_ms", millis));
        json.add("key", text(record.key()));
        json.add("value", text(record.value()));
        var headers = new JsonArray();
        for (var header : record.headers()) {
            var pair = new JsonArray();
            pair.add(header.key());
            pair.add(text(header.value()));
            headers.add(pair);
        }
        json.add("headers", headers);
        return json;
    }

    private static JsonElement text(byte @Nullable [] bytes) {
        return bytes == null ? JsonNull.INSTANCE : new JsonPrimitive(new String(bytes, ISO_8859_1));
    }

    /// The values of records, or of what stands for them already.
    static JsonArray values(JsonArray records) {
        var values = new JsonArray();
        records.forEach(record -> values.add(record.getAsJsonObject().get("value")));
        return values;
    }
}
