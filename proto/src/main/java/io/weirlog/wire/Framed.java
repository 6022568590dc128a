package io.weirlog.wire;

import com.google.protobuf.MessageLite;
import java.util.List;

/// A protobuf message and the payloads that belong into it on the wire.
///
/// Where the message repeats the part with the payload, there is one payload for each part, [Payload#NONE] where a part
/// has none; otherwise there is at most one.
public record Framed<M extends MessageLite>(M message, List<Payload> payloads) implements AutoCloseable {
    public Framed {
        payloads = List.copyOf(payloads);
    }

    public static <M extends MessageLite> Framed<M> of(M message) {
        return new Framed<>(message, List.of());
    }

    public static <M extends MessageLite> Framed<M> of(M message, Payload payload) {
        return new Framed<>(message, List.of(payload));
    }

    /// The only payload, or [Payload#NONE].
    public Payload payload() {
        return payloads.isEmpty() ? Payload.NONE : payloads.get(0);
    }

    @Override
    public void close() {
        payloads.forEach(Payload::close);
    }
}
