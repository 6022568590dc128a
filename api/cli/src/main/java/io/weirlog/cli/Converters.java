package io.weirlog.cli;

import io.weirlog.client.StartAt;
import io.weirlog.server.config.Units;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import picocli.CommandLine.TypeConversionException;

/// Reads the values of options.
final class Converters {
    private static final Pattern OFFSET = Pattern.compile("\\d{1,19}");

    private Converters() {}

    static Duration duration(String text) {
        try {
            return Units.parseDuration(text);
        } catch (IllegalArgumentException malformed) {
            throw new TypeConversionException("'" + text + "' is not a duration such as 500ms, 5s or 2m");
        }
    }

    /// `high-watermark`, or an offset.
    static TopicDeleteRecordsCommand.DeleteBefore deleteBefore(String text) {
        if (text.equals("high-watermark")) {
            return new TopicDeleteRecordsCommand.DeleteBefore(OptionalLong.empty());
        }
        try {
            if (OFFSET.matcher(text).matches()) {
                return new TopicDeleteRecordsCommand.DeleteBefore(OptionalLong.of(Long.parseLong(text)));
            }
        } catch (NumberFormatException tooLarge) {
            // Told below.
        }
        throw new TypeConversionException("'" + text + "' is neither high-watermark nor an offset");
    }

    /// `earliest`, `latest`, an offset, or a time with its zone as in ISO 8601.
    static StartAt startAt(String text) {
        try {
            return switch (text) {
                case "earliest" -> StartAt.earliest();
                case "latest" -> StartAt.latest();
                default ->
                    OFFSET.matcher(text).matches()
                            ? StartAt.offset(Long.parseLong(text))
                            : StartAt.timestamp(OffsetDateTime.parse(text).toInstant());
            };
        } catch (NumberFormatException | DateTimeException malformed) {
            throw new TypeConversionException(
                    "'" + text + "' is neither earliest, latest, an offset nor a time such as 2026-01-31T12:00:00Z");
        }
    }
}
