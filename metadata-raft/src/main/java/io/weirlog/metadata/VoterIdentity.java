package io.weirlog.metadata;

import io.weirlog.common.BrokerId;
import java.nio.charset.StandardCharsets;
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
/// crc32c=0a1b2c3d
/// ```
///
/// @param formatted whether the Raft folder was made once. From then on it must be there: made anew, this voter
///     would have forgotten its votes and what it acknowledged.
record VoterIdentity(UUID clusterId, BrokerId nodeId, boolean formatted) {
    private static final Pattern TEXT = Pattern.compile("""
            (weirlog-metadata-voter 1
            cluster\\.id=(.{36})
            node\\.id=([0-9]{1,9})
            formatted=(true|false)
            )crc32c=([0-9a-f]{8})
            """);

    byte[] encode() {
        var text = """
                weirlog-metadata-voter 1
                cluster.id=%s
                node.id=%s
                formatted=%s
                """.formatted(clusterId, nodeId, formatted);
        return (text + "crc32c=" + crc(text) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /// What [#encode] wrote; empty if the bytes are anything else.
    static Optional<VoterIdentity> decode(byte[] bytes) {
        var fields = TEXT.matcher(new String(bytes, StandardCharsets.UTF_8));
        if (!fields.matches() || !crc(fields.group(1)).equals(fields.group(5))) {
            return Optional.empty();
        }
        return Optional.of(new VoterIdentity(
                UUID.fromString(fields.group(2)),
                new BrokerId(Integer.parseInt(fields.group(3))),
                Boolean.parseBoolean(fields.group(4))));
    }

    private static String crc(String text) {
        var crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return String.format("%08x", crc.getValue());
    }
}
