package io.weirlog.metadata.ratis;

import io.weirlog.common.BrokerId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.thirdparty.com.google.protobuf.InvalidProtocolBufferException;
import org.jspecify.annotations.Nullable;

/// A file of the Raft log, read without a running Raft. Integers are big-endian:
///
/// ```
/// +----------+--------+--------------+---------+--------+-----+--------------------+
/// | RaftLog1 | length | LogEntryProto| CRC-32C | length | ... | zeros: preallocated|
/// | 8 bytes  | varint |              | 4 bytes |        |     |                    |
/// +----------+--------+--------------+---------+--------+-----+--------------------+
///            |<- what the CRC covers>|
/// ```
///
/// @param entries all that are whole, in the order of their indices
/// @param end the position after the last of them
/// @param damage what follows there and is neither an entry nor zeros
public record RaftLogFile(Path file, List<Entry> entries, long end, Optional<Damage> damage) {
    private static final byte[] HEADER = "RaftLog1".getBytes(StandardCharsets.US_ASCII);
    private static final int CRC_BYTES = Integer.BYTES;
    private static final int VARINT_BYTES_MAX = 5;

    /// Every entry has a term, and it comes first: so what cannot be an entry costs no checksum.
    private static final byte TAG_OF_TERM = 0x08;

    public RaftLogFile {
        entries = List.copyOf(entries);
    }

    /// One entry of the log.
    public sealed interface Entry {
        long index();

        long term();

        /// @param bytes a command, encoded; read-only
        record Command(long index, long term, ByteBuffer bytes) implements Entry {}

        /// @param voters from this entry on
        /// @param leaving those who still vote beside them, while the change is under way
        record Voters(long index, long term, List<BrokerId> voters, List<BrokerId> leaving) implements Entry {}

        /// @param commitEnd one past an entry that was committed when this one was written
        record CommitNote(long index, long term, long commitEnd) implements Entry {}
    }

    /// @param bytes from `position` to the last byte that is not zero
    /// @param entriesBehind how many whole entries can be found behind it: with any, it is no torn end
    public record Damage(long position, long bytes, String problem, int entriesBehind) {}

    /// Whether `name` is that of a file of the log, the last one included.
    public static boolean isName(String name) {
        return LogFiles.isName(name);
    }

    /// The index of the first entry of the file of that name.
    public static long firstIndex(Path file) {
        return LogFiles.firstIndexOf(String.valueOf(file.getFileName()));
    }

    public static RaftLogFile read(Path file) throws IOException {
        byte[] data = Files.readAllBytes(file);
        int used = lengthWithoutZeros(data);
        if (used == 0) {
            return new RaftLogFile(file, List.of(), 0, Optional.empty());
        }
        if (!Arrays.equals(Arrays.copyOf(data, HEADER.length), HEADER)) {
            return new RaftLogFile(file, List.of(), 0, Optional.of(new Damage(0, used, "no header of a log file", 0)));
        }
        var entries = new ArrayList<Entry>();
        var bytes = ByteBuffer.wrap(data).position(HEADER.length);
        while (bytes.position() < used) {
            int position = bytes.position();
            var entry = next(data, bytes);
            if (entry == null) {
                var damage = new Damage(
                        position,
                        used - position,
                        "entry %s is not whole".formatted(nextIndex(file, entries)),
                        entriesBehind(data, position + 1, used));
                return new RaftLogFile(file, entries, position, Optional.of(damage));
            }
            entries.add(entry);
        }
        return new RaftLogFile(file, entries, bytes.position(), Optional.empty());
    }

    private static long nextIndex(Path file, List<Entry> entries) {
        return entries.isEmpty() ? firstIndex(file) : entries.getLast().index() + 1;
    }

    private static int lengthWithoutZeros(byte[] bytes) {
        int length = bytes.length;
        while (length > 0 && bytes[length - 1] == 0) {
            length--;
        }
        return length;
    }

    /// A CRC may end in zeros, so the last entry may reach beyond the last byte that is none.
    private static @Nullable Entry next(byte[] data, ByteBuffer bytes) {
        int start = bytes.position();
        int length = 0;
        int shift = 0;
        while (true) {
            if (!bytes.hasRemaining() || shift == 7 * VARINT_BYTES_MAX) {
                return null;
            }
            byte piece = bytes.get();
            length |= (piece & 0x7f) << shift;
            shift += 7;
            if (piece >= 0) {
                break;
            }
        }
        int body = bytes.position();
        if (length <= 0 || length > bytes.remaining() - CRC_BYTES || bytes.get(body) != TAG_OF_TERM) {
            return null;
        }
        var crc = new CRC32C();
        crc.update(data, start, body + length - start);
        if ((int) crc.getValue() != bytes.getInt(body + length)) {
            return null;
        }
        bytes.position(body + length + CRC_BYTES);
        try {
            return entry(LogEntryProto.parser().parseFrom(data, body, length));
        } catch (InvalidProtocolBufferException e) {
            return null;
        }
    }

    private static int entriesBehind(byte[] data, int from, int to) {
        var bytes = ByteBuffer.wrap(data);
        int found = 0;
        int position = from;
        while (position < to) {
            bytes.position(position);
            boolean whole = next(data, bytes) != null;
            found += whole ? 1 : 0;
            position = whole ? bytes.position() : position + 1;
        }
        return found;
    }

    private static Entry entry(LogEntryProto entry) {
        return switch (entry.getLogEntryBodyCase()) {
            case STATEMACHINELOGENTRY ->
                new Entry.Command(
                        entry.getIndex(),
                        entry.getTerm(),
                        entry.getStateMachineLogEntry().getLogData().asReadOnlyByteBuffer());
            case CONFIGURATIONENTRY -> {
                var configuration = entry.getConfigurationEntry();
                yield new Entry.Voters(
                        entry.getIndex(),
                        entry.getTerm(),
                        ids(configuration.getPeersList()),
                        ids(configuration.getOldPeersList()));
            }
            case METADATAENTRY ->
                new Entry.CommitNote(
                        entry.getIndex(),
                        entry.getTerm(),
                        entry.getMetadataEntry().getCommitIndex() + 1);
            case LOGENTRYBODY_NOT_SET -> new Entry.CommitNote(entry.getIndex(), entry.getTerm(), 0);
        };
    }

    private static List<BrokerId> ids(List<RaftPeerProto> peers) {
        return peers.stream()
                .map(peer -> new BrokerId(Integer.parseInt(peer.getId().toStringUtf8())))
                .sorted()
                .toList();
    }

    /// The voters that Ratis keeps beside the log, from which they may be gone; empty if there is no such file.
    public static Optional<Entry.Voters> keptVoters(Path directory) throws IOException {
        var file = directory.resolve("raft-meta.conf");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        return entry(LogEntryProto.parseFrom(Files.readAllBytes(file))) instanceof Entry.Voters voters
                ? Optional.of(voters)
                : Optional.empty();
    }
}
