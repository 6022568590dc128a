package io.weirlog.log;

import io.weirlog.common.TopicId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/// `partition.metadata`: which creation of a topic a directory belongs to (M4), in Kafka's layout (KIP-516).
///
/// ```
/// version: 0
/// topic_id: <16 bytes in URL-safe Base64 without padding>
/// ```
final class PartitionMetadataFile {
    private static final String VERSION_KEY = "version: ";
    private static final String VERSION = "0";
    private static final String TOPIC_ID_KEY = "topic_id: ";

    private PartitionMetadataFile() {}

    /// Writes it under a temporary name.
    ///
    /// @return that name, whose bytes are to be made durable before [#finish]
    static String prepare(Storage storage, Path directory, TopicId topicId) throws IOException {
        var temporary = SmallFiles.temporary(directory.resolve(LogFileNames.METADATA));
        SmallFiles.writeUnsynced(storage, temporary, content(topicId));
        return temporary.getFileName().toString();
    }

    /// Gives the prepared file its name, which is durable once the directory is.
    static void finish(Storage storage, Path directory) throws IOException {
        var file = directory.resolve(LogFileNames.METADATA);
        storage.rename(SmallFiles.temporary(file), file);
    }

    static String content(TopicId topicId) {
        var text = Base64.getUrlEncoder().withoutPadding().encodeToString(topicId.toBytes());
        return VERSION_KEY + VERSION + "\n" + TOPIC_ID_KEY + text;
    }

    /// The lines of the file, or empty if there is none.
    static Optional<List<String>> read(Storage storage, Path directory) throws IOException {
        return SmallFiles.readLines(storage, directory.resolve(LogFileNames.METADATA));
    }

    /// Why these lines do not name the topic of `identity`; empty if they do.
    static Optional<LogOpenFailure> mismatch(Path directory, List<String> lines, PartitionIdentity identity) {
        if (lines.size() != 2
                || !lines.get(0).startsWith(VERSION_KEY)
                || !lines.get(1).startsWith(TOPIC_ID_KEY)) {
            return Optional.of(
                    new LogOpenFailure.OtherTopic(directory, identity, LogFileNames.METADATA + " cannot be read"));
        }
        var version = lines.get(0).substring(VERSION_KEY.length());
        if (!version.equals(VERSION)) {
            return Optional.of(new LogOpenFailure.UnknownVersion(directory.resolve(LogFileNames.METADATA), version));
        }
        var found = parseTopicId(lines.get(1).substring(TOPIC_ID_KEY.length()));
        if (found.equals(Optional.of(identity.id().topicId()))) {
            return Optional.empty();
        }
        var text = found.map(id -> "its topic id is " + id).orElse("its topic id cannot be read");
        return Optional.of(new LogOpenFailure.OtherTopic(directory, identity, text));
    }

    private static Optional<TopicId> parseTopicId(String text) {
        try {
            return Optional.of(TopicId.fromBytes(Base64.getUrlDecoder().decode(text)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
