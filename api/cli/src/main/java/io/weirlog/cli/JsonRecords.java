package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.weirlog.client.ConsumerRecord;
import io.weirlog.client.ProducerRecord;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Records as JSON objects:
///
/// ```
/// {"topic":"orders","partition":0,"offset":7,"timestamp":"2026-01-31T12:00:00Z",
///  "key":"ann","value":"two books","headers":[{"key":"source","value":"shop"}]}
/// ```
/// Bytes that are no UTF-8 go under the name with `_base64`.
final class JsonRecords {
    private static final String BASE64 = "_base64";
    private static final Set<String> FIELDS = Set.of(
            "topic", "partition", "offset", "timestamp", "key", "key_base64", "value", "value_base64", "headers");

    private JsonRecords() {}

    static JsonObject of(ConsumerRecord record) {
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
            json.addProperty(name + BASE64, Base64.getEncoder().encodeToString(bytes));
        }
    }

    /// A record for a topic. A key or value that is neither text nor null is taken as its JSON.
    ///
    /// @param keepPartition whether its partition counts; topic and offset do not
    /// @throws IllegalArgumentException or [com.google.gson.JsonParseException] if it is none
    static ProducerRecord parse(String topic, byte[] line, boolean keepPartition) {
        var element = JsonParser.parseString(new String(line, StandardCharsets.UTF_8));
        if (!element.isJsonObject()) {
            throw new IllegalArgumentException("is no JSON object");
        }
        var json = element.getAsJsonObject();
        for (var name : json.keySet()) {
            if (!FIELDS.contains(name)) {
                throw new IllegalArgumentException("has a field '" + name + "' that records do not have");
            }
        }
        var record = ProducerRecord.of(topic, bytes(json, "key"), bytes(json, "value"));
        if (json.has("headers")) {
            for (var header : array(json.get("headers"))) {
                var entry = object(header);
                record = record.withHeader(text(entry, "key"), bytes(entry, "value"));
            }
        }
        if (json.has("timestamp")) {
            record = record.at(time(text(json, "timestamp")));
        }
        return keepPartition && json.has("partition") ? record.toPartition(number(json, "partition")) : record;
    }

    private static JsonArray array(JsonElement element) {
        if (!element.isJsonArray()) {
            throw new IllegalArgumentException("has headers that are no list");
        }
        return element.getAsJsonArray();
    }

    private static JsonObject object(JsonElement element) {
        if (!element.isJsonObject()) {
            throw new IllegalArgumentException("has a header that is no object");
        }
        return element.getAsJsonObject();
    }

    private static byte @Nullable [] bytes(JsonObject json, String name) {
        if (json.has(name + BASE64)) {
            return Base64.getDecoder().decode(text(json, name + BASE64));
        }
        if (!json.has(name) || json.get(name).isJsonNull()) {
            return null;
        }
        var element = json.get(name);
        var text = element.isJsonPrimitive() ? element.getAsString() : element.toString();
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(JsonObject json, String name) {
        var element = json.get(name);
        if (element == null || !element.isJsonPrimitive()) {
            throw new IllegalArgumentException("has no text under '" + name + "'");
        }
        return element.getAsString();
    }

    private static int number(JsonObject json, String name) {
        try {
            return Integer.parseInt(text(json, name));
        } catch (NumberFormatException malformed) {
            throw new IllegalArgumentException("has no number under '" + name + "'", malformed);
        }
    }

    private static Instant time(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException malformed) {
            throw new IllegalArgumentException("has no time under 'timestamp'", malformed);
        }
    }
}
