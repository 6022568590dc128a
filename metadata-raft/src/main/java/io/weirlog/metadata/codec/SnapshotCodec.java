package io.weirlog.metadata.codec;

import com.google.protobuf.InvalidProtocolBufferException;
import io.weirlog.common.InvariantViolation;
import io.weirlog.metadata.FeatureRange;
import io.weirlog.metadata.core.MetadataEvent;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.core.RequestLog;
import io.weirlog.storage.v1.AnswerRecord;
import io.weirlog.storage.v1.SnapshotRecord;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/// The whole state as one checked piece. Integers are big-endian:
///
/// ```
///  0        8         12        16             24
/// +--------+---------+---------+--------------+----------------------------------+
/// | magic  | version | CRC-32C | body length  | body: SnapshotRecord             |
/// | WLMETA | 1       |         | in bytes     | of weirlog.storage.v1            |
/// +--------+---------+---------+--------------+----------------------------------+
///                              |<-------- what the checksum covers ------------->|
/// ```
///
/// The body of equal states is equal, byte for byte: [#hash] is taken from it (M2).
public final class SnapshotCodec {
    private static final long MAGIC = 0x574c_4d45_5441_000aL; // "WLMETA", a zero and a newline.
    private static final int VERSION = 1;
    private static final int CRC_POSITION = Long.BYTES + Integer.BYTES;
    private static final int CHECKED_POSITION = CRC_POSITION + Integer.BYTES;
    private static final int BODY_POSITION = CHECKED_POSITION + Long.BYTES;

    private SnapshotCodec() {}

    public static byte[] encode(MetadataState state) {
        byte[] body = body(state);
        var file = ByteBuffer.allocate(Math.addExact(BODY_POSITION, body.length));
        file.putLong(MAGIC).putInt(VERSION).putInt(0).putLong(body.length).put(body);
        file.putInt(CRC_POSITION, crc(file.array()));
        return file.array();
    }

    /// @throws MalformedRecordException if anything of it is damaged, or it was written by a later version
    public static MetadataState decode(byte[] bytes) throws MalformedRecordException {
        var file = ByteBuffer.wrap(bytes);
        if (bytes.length < BODY_POSITION || file.getLong() != MAGIC) {
            throw new MalformedRecordException("no metadata snapshot");
        }
        int version = file.getInt();
        if (version != VERSION) {
            throw new MalformedRecordException("a metadata snapshot of version " + version + ", not " + VERSION);
        }
        if (file.getInt() != crc(bytes) || file.getLong() != file.remaining()) {
            throw new MalformedRecordException("a damaged metadata snapshot: its checksum or length is wrong");
        }
        try {
            return state(SnapshotRecord.parseFrom(file));
        } catch (InvalidProtocolBufferException | InvariantViolation e) {
            throw new MalformedRecordException("a metadata snapshot that contradicts itself", e);
        }
    }

    /// SHA-256 of the state in hexadecimal: voters at the same log index have the same (M2).
    public static String hash(MetadataState state) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body(state)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    private static int crc(byte[] file) {
        var crc = new CRC32C();
        crc.update(file, CHECKED_POSITION, file.length - CHECKED_POSITION);
        return (int) crc.getValue();
    }

    private static byte[] body(MetadataState state) {
        var record = SnapshotRecord.newBuilder().setIndex(state.index()).setNextProducerId(state.nextProducerId());
        state.brokers().values().forEach(broker -> record.addBrokers(ImageCodec.record(broker)));
        state.controllers().values().forEach(controller -> record.addControllers(ImageCodec.record(controller)));
        state.topics().byNames().forEach(topic -> record.addTopics(ImageCodec.record(topic)));
        state.requests().answers().forEach(answer -> record.addAnswers(record(answer)));
        if (state.featureLevel() != FeatureRange.FIRST_LEVEL) {
            record.setFeatureLevel(state.featureLevel());
        }
        return record.build().toByteArray();
    }

    private static MetadataState state(SnapshotRecord record) throws MalformedRecordException {
        var events = new ArrayList<MetadataEvent>(record.getBrokersCount() + record.getTopicsCount());
        for (var broker : record.getBrokersList()) {
            events.add(new MetadataEvent.BrokerRegistered(ImageCodec.image(broker)));
        }
        for (var controller : record.getControllersList()) {
            events.add(new MetadataEvent.ControllerRegistered(ImageCodec.image(controller)));
        }
        for (var topic : record.getTopicsList()) {
            events.add(new MetadataEvent.TopicCreated(ImageCodec.image(topic)));
        }
        if (record.hasFeatureLevel()) {
            events.add(new MetadataEvent.FeatureLevelFinalized(record.getFeatureLevel()));
        }
        if (record.getNextProducerId() != 0) {
            events.add(new MetadataEvent.ProducerIdsAllocated(record.getNextProducerId()));
        }
        var answers = new ArrayList<RequestLog.Answer>(record.getAnswersCount());
        for (var answer : record.getAnswersList()) {
            var requestId = Fields.requestId(answer.getRequestId());
            answers.add(new RequestLog.Answer(requestId, answer.getIndex(), ReplyCodec.reply(answer.getReply())));
        }
        return MetadataState.restore(record.getIndex(), events, answers);
    }

    private static AnswerRecord record(RequestLog.Answer answer) {
        return AnswerRecord.newBuilder()
                .setRequestId(Fields.bytes(answer.requestId().value()))
                .setIndex(answer.index())
                .setReply(ReplyCodec.record(answer.reply()))
                .build();
    }
}
