package io.weirlog.cli;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.weirlog.common.BrokerId;
import java.nio.charset.StandardCharsets;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.Locale;
import java.util.OptionalInt;

/// Each event as one line of JSON:
///
/// ```json
/// {"time":"2026-01-31T12:00:00.123Z","level":"WARN","node":1,"logger":"io.weirlog.server.Node","thread":"main",
///  "message":"…","topic":"orders","partition":3,"stackTrace":"java.io.IOException: …\n\tat …"}
/// ```
///
/// `node` is there where one node has the process to itself, or the event names one. After the message come the keys
/// that the event has of its own, and the stack trace if there is one.
final class JsonLogEncoder extends EncoderBase<ILoggingEvent> {
    private static final Gson GSON = new GsonBuilder()
            .disableHtmlEscaping()
            .serializeSpecialFloatingPointValues()
            .create();
    /// Always with milliseconds: lines sort by it as text too.
    private static final DateTimeFormatter TIME =
            new DateTimeFormatterBuilder().appendInstant(3).toFormatter(Locale.ROOT);
    private static final byte[] NOTHING = {};

    private final OptionalInt node;

    /// @param node the number of the one node of this process
    JsonLogEncoder(OptionalInt node) {
        this.node = node;
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        var line = new JsonObject();
        line.addProperty("time", TIME.format(event.getInstant()));
        line.addProperty("level", event.getLevel().toString());
        node.ifPresent(number -> line.addProperty("node", number));
        line.addProperty("logger", event.getLoggerName());
        line.addProperty("thread", event.getThreadName());
        line.addProperty("message", event.getFormattedMessage());
        var keys = event.getKeyValuePairs();
        if (keys != null) {
            keys.forEach(pair -> line.add(pair.key, value(pair.value)));
        }
        if (event.getThrowableProxy() != null) {
            line.addProperty("stackTrace", ThrowableProxyUtil.asString(event.getThrowableProxy()));
        }
        return (GSON.toJson(line) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private static JsonElement value(Object value) {
        return switch (value) {
            case BrokerId id -> new JsonPrimitive(id.value());
            case Number number -> new JsonPrimitive(number);
            case Boolean truth -> new JsonPrimitive(truth);
            case null, default -> new JsonPrimitive(String.valueOf(value));
        };
    }

    @Override
    public byte[] headerBytes() {
        return NOTHING;
    }

    @Override
    public byte[] footerBytes() {
        return NOTHING;
    }
}
