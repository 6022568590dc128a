package io.weirlog.metadata;

import io.weirlog.common.BrokerId;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/// Whose folder it is: text, so that people can read it, with a checksum, so that damage is noticed.
///
/// ```
/// weirlog-metadata-voter 1
/// cluster.id=5f0e9c1e-7a54-4c0e-9a26-3f4f5c1d2b3a
/// node.id=1
/// formatted=true
/// membership=formed
/// crc32c=0a1b2c3d
/// ```
///
/// @param formatted whether the Raft folder was made once. From then on it must be there: made anew, this voter
///     would have forgotten its votes and what it acknowledged.
record VoterIdentity(UUID clusterId, BrokerId nodeId, boolean formatted, Membership membership) {
    /// How this folder came into the quorum, and whether it has left it.
    enum Membership {
        /// One of those who formed it.
        FORMED,
        /// Began empty, to be added to a quorum that was there. Whether that has happened, the log tells.
        JOINED,
        /// The quorum removed it: what it holds is of the past.
        REMOVED
    }

    private static final Pattern TEXT = Pattern.compile("""
            (weirlog-metadata-voter 1
            cluster\\.id=(.{36})
            node\\.id=([0-9]{1,9})
            formatted=(true|false)
            membership=(formed|joined|removed)
            )crc32c=([0-9a-f]{8})
            """);

    byte[] encode() {
        var text = """
                weirlog-metadata-voter 1
                cluster.id=%s
                node.id=%s
                formatted=%s
                membership=%s
                """.formatted(clusterId, nodeId, formatted, membership.name().toLowerCase(Locale.ROOT));
        return (text + "crc32c=" + crc(text) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /// What [#encode] wrote; empty if the bytes are anything else.
    static Optional<VoterIdentity> decode(byte[] bytes) {
        var fields = TEXT.matcher(new String(bytes, StandardCharsets.UTF_8));
        if (!fields.matches() || !crc(fields.group(1)).equals(fields.group(6))) {
            return Optional.empty();
        }
        return Optional.of(new VoterIdentity(
                UUID.fromString(fields.group(2)),
                new BrokerId(Integer.parseInt(fields.group(3))),
                Boolean.parseBoolean(fields.group(4)),
                Membership.valueOf(fields.group(5).toUpperCase(Locale.ROOT))));
    }

    private static String crc(String text) {
        var crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return String.format("%08x", crc.getValue());
    }
}
