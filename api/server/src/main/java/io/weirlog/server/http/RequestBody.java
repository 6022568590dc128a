package io.weirlog.server.http;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.sun.net.httpserver.HttpExchange;
import io.weirlog.server.ServerProblems;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Reads a request's body, no more of it than is allowed.
final class RequestBody {
    static final int BYTES_MAX = 1 << 20;
    static final String JSON = "application/json";

    private static final int NESTING_MAX = 16;
    /// Of a body that is too large, so much is read to the end before the answer: most clients hear only then.
    private static final long DISCARDED_BYTES_MAX = 16L << 20;

    private RequestBody() {}

    static JsonElement json(HttpExchange exchange) throws IOException, HttpRefusal {
        var type = exchange.getRequestHeaders().getFirst("Content-Type");
        // Besides, a web page of somebody else's cannot make a browser send that type here without asking first.
        if (type == null
                || !type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals(JSON)) {
            throw HttpRefusal.of(415, "records come as JSON: send the header Content-Type: " + JSON);
        }
        return parsed(bytes(exchange));
    }

    private static byte[] bytes(HttpExchange exchange) throws IOException, HttpRefusal {
        var announced = exchange.getRequestHeaders().getFirst("Content-Length");
        if (!isLarger(announced)) {
            // Without a length it comes in chunks, and is counted as it comes.
            var bytes = exchange.getRequestBody().readNBytes(BYTES_MAX + 1);
            if (bytes.length <= BYTES_MAX) {
                return bytes;
            }
        }
        discard(exchange);
        throw HttpRefusal.of(
                413, "a request over HTTP has at most " + BYTES_MAX + " bytes: send less at once, or use gRPC");
    }

    private static boolean isLarger(@Nullable String announced) {
        try {
            return announced != null && Long.parseLong(announced.strip()) > BYTES_MAX;
        } catch (NumberFormatException e) {
            return true;
        }
    }

    private static void discard(HttpExchange exchange) throws IOException {
        var buffer = new byte[64 * 1024];
        var left = DISCARDED_BYTES_MAX;
        while (left > 0) {
            var read = exchange.getRequestBody().read(buffer);
            if (read < 0) {
                return;
            }
            left -= read;
        }
    }

    private static JsonElement parsed(byte[] body) throws HttpRefusal {
        var decoder = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT);
        var reader = new JsonReader(new InputStreamReader(new ByteArrayInputStream(body), decoder));
        reader.setStrictness(Strictness.STRICT);
        reader.setNestingLimit(NESTING_MAX);
        try {
            var element = JsonParser.parseReader(reader);
            if (reader.peek() == JsonToken.END_DOCUMENT) {
                return element;
            }
        } catch (JsonParseException | IOException e) {
            var cause = e.getCause() instanceof CharacterCodingException ? "it is not UTF-8" : e.getMessage();
            throw HttpRefusal.of("the body is no JSON: " + ServerProblems.shortened(String.valueOf(cause)));
        }
        throw HttpRefusal.of("the body is no JSON: something follows its end");
    }
}
