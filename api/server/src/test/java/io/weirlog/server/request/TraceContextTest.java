package io.weirlog.server.request;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.Metadata;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TraceContextTest {
    private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static Metadata headers(String parent, String state) {
        var headers = new Metadata();
        headers.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), parent);
        headers.put(Metadata.Key.of("tracestate", Metadata.ASCII_STRING_MARSHALLER), state);
        return headers;
    }

    @Test
    void isReadAndWrittenAsItIs() {
        var trace = TraceContext.of(headers(PARENT, "vendor=1")).orElseThrow();
        assertEquals(new TraceContext(PARENT, "vendor=1"), trace);
        var written = new Metadata();
        trace.writeTo(written);
        assertEquals(Optional.of(trace), TraceContext.of(written));
    }

    /// It ends up in logs and in other brokers' headers: nothing else may travel on it.
    @Test
    void whatMakesNoSenseIsLeftOut() {
        assertEquals(Optional.empty(), TraceContext.of(new Metadata()));
        assertEquals(Optional.empty(), TraceContext.of(headers("hello; a line of somebody's own", "")));
        assertEquals(Optional.empty(), TraceContext.of(headers(PARENT + " and more", "")));
        assertEquals(
                "",
                TraceContext.of(headers(PARENT, "x".repeat(513))).orElseThrow().state());
    }
}
