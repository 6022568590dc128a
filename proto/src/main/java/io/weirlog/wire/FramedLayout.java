package io.weirlog.wire;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import java.util.List;
import java.util.function.Function;

/// Where in a message type its payloads are.
///
/// ```
/// flat    message { ...; bytes payload = 15 }
/// nested  message { Part part = N { ...; bytes payload = 15 } }     part may be repeated
/// ```
///
/// @param parser reads the message without its payloads
/// @param partField the field number N; 0 for the flat layout
/// @param payloadField the number of the payload field
/// @param parts the parts in order, one for each payload; the message consists of nothing else when it has any. Not
///     used by the flat layout.
public record FramedLayout<M extends MessageLite>(
        Parser<M> parser, int partField, int payloadField, Function<M, List<? extends MessageLite>> parts) {

    /// A message that carries its payload itself.
    public static <M extends MessageLite> FramedLayout<M> flat(Parser<M> parser, int payloadField) {
        return new FramedLayout<>(parser, 0, payloadField, message -> List.of());
    }

    /// A message whose parts carry one payload each.
    public static <M extends MessageLite> FramedLayout<M> nested(
            Parser<M> parser, int partField, int payloadField, Function<M, List<? extends MessageLite>> parts) {
        return new FramedLayout<>(parser, partField, payloadField, parts);
    }

    boolean isFlat() {
        return partField == 0;
    }
}
