package io.weirlog.server.request;

import io.grpc.Metadata;
import java.util.Optional;
import java.util.regex.Pattern;

/// Which trace of its caller a request belongs to, as W3C Trace Context has it in two headers. Brokers make no spans of
/// their own: they pass it on and name it in what they log.
///
/// @param state `tracestate`; empty if there is none
public record TraceContext(String parent, String state) {
    private static final Metadata.Key<String> PARENT = Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> STATE = Metadata.Key.of("tracestate", Metadata.ASCII_STRING_MARSHALLER);
    /// Of version 0; later ones may have more behind it.
    private static final Pattern PARENT_FORM =
            Pattern.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[!-~]{1,64})?");

    private static final int STATE_LENGTH_MAX = 512;

    /// Empty if the caller has none, or one that makes no sense.
    static Optional<TraceContext> of(Metadata headers) {
        var parent = headers.get(PARENT);
        if (parent == null || !PARENT_FORM.matcher(parent).matches()) {
            return Optional.empty();
        }
        var state = headers.get(STATE);
        return Optional.of(new TraceContext(parent, state == null || state.length() > STATE_LENGTH_MAX ? "" : state));
    }

    void writeTo(Metadata headers) {
        headers.put(PARENT, parent);
        if (!state.isEmpty()) {
            headers.put(STATE, state);
        }
    }
}
