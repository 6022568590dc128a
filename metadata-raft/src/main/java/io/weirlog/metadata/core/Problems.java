package io.weirlog.metadata.core;

import com.google.errorprone.annotations.FormatMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Gathers all that is wrong with one command, so that its sender can mend everything at once.
final class Problems {
    private final List<String> messages = new ArrayList<>();
    private Optional<RejectReason> first = Optional.empty();

    @FormatMethod
    void add(RejectReason reason, String message, Object... arguments) {
        if (first.isEmpty()) {
            first = Optional.of(reason);
        }
        messages.add(String.format(message, arguments));
    }

    boolean isEmpty() {
        return messages.isEmpty();
    }

    /// The refusal that names all problems; empty if there are none. Bounded, since it is kept for retries.
    Optional<MetadataReply.Rejected> rejection() {
        return first.map(reason -> new MetadataReply.Rejected(reason, bounded(String.join("; ", messages))));
    }

    private static String bounded(String message) {
        int max = MetadataLimits.REJECT_MESSAGE_CHARS_MAX;
        if (message.length() <= max) {
            return message;
        }
        // A cut between two halves of one character would leave text that cannot be encoded.
        int end = Character.isHighSurrogate(message.charAt(max - 2)) ? max - 2 : max - 1;
        return message.substring(0, end) + "…";
    }
}
