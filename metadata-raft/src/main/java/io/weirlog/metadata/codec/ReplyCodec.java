package io.weirlog.metadata.codec;

import com.google.protobuf.InvalidProtocolBufferException;
import io.weirlog.common.BrokerEpoch;
import io.weirlog.metadata.core.ItemResult;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.storage.v1.BatchRecord;
import io.weirlog.storage.v1.BrokerRegisteredRecord;
import io.weirlog.storage.v1.DoneRecord;
import io.weirlog.storage.v1.ElectionResult;
import io.weirlog.storage.v1.ItemResultRecord;
import io.weirlog.storage.v1.LeadersElectedRecord;
import io.weirlog.storage.v1.ProducerIdsAllocatedRecord;
import io.weirlog.storage.v1.RejectReason;
import io.weirlog.storage.v1.RejectedRecord;
import io.weirlog.storage.v1.ReplyRecord;
import io.weirlog.storage.v1.TopicCreatedRecord;
import io.weirlog.storage.v1.TopicDeletedRecord;
import java.nio.ByteBuffer;
import java.util.ArrayList;

/// The machine's answers: `ReplyRecord` of `weirlog.storage.v1`.
public final class ReplyCodec {
    private static final String REASON_PREFIX = "REJECT_REASON_";
    private static final String RESULT_PREFIX = "ELECTION_RESULT_";

    private ReplyCodec() {}

    public static byte[] encode(MetadataReply reply) {
        return record(reply).toByteArray();
    }

    /// @throws MalformedRecordException if the bytes are damaged or hold an answer that this version does not
    ///     know
    public static MetadataReply decode(ByteBuffer bytes) throws MalformedRecordException {
        try {
            return reply(ReplyRecord.parseFrom(bytes));
        } catch (InvalidProtocolBufferException e) {
            throw new MalformedRecordException("no metadata reply", e);
        }
    }

    public static ReplyRecord record(MetadataReply reply) {
        var record = ReplyRecord.newBuilder();
        switch (reply) {
            case MetadataReply.TopicCreated(var id, var index) ->
                record.setTopicCreated(TopicCreatedRecord.newBuilder()
                        .setTopicId(Fields.bytes(id.value()))
                        .setIndex(index));
            case MetadataReply.TopicDeleted(var id, var index) ->
                record.setTopicDeleted(TopicDeletedRecord.newBuilder()
                        .setTopicId(Fields.bytes(id.value()))
                        .setIndex(index));
            case MetadataReply.BrokerRegistered(var epoch, var index) ->
                record.setBrokerRegistered(BrokerRegisteredRecord.newBuilder()
                        .setBrokerEpoch(epoch.value())
                        .setIndex(index));
            case MetadataReply.IsrAltered altered -> record.setIsrAltered(IsrCodec.encoded(altered));
            case MetadataReply.LeadersElected elected -> record.setLeadersElected(encoded(elected));
            case MetadataReply.ProducerIdsAllocated(var first, var count, var index) ->
                record.setProducerIdsAllocated(ProducerIdsAllocatedRecord.newBuilder()
                        .setFirst(first)
                        .setCount(count)
                        .setIndex(index));
            case MetadataReply.Done(var index) ->
                record.setDone(DoneRecord.newBuilder().setIndex(index));
            case MetadataReply.Batch batch -> record.setBatch(encoded(batch));
            case MetadataReply.Rejected(var reason, var message) -> record.setRejected(rejected(reason, message));
        }
        return record.build();
    }

    public static MetadataReply reply(ReplyRecord record) throws MalformedRecordException {
        return switch (record.getReplyCase()) {
            case TOPIC_CREATED ->
                new MetadataReply.TopicCreated(
                        Fields.topicId(record.getTopicCreated().getTopicId()),
                        record.getTopicCreated().getIndex());
            case TOPIC_DELETED ->
                new MetadataReply.TopicDeleted(
                        Fields.topicId(record.getTopicDeleted().getTopicId()),
                        record.getTopicDeleted().getIndex());
            case BROKER_REGISTERED ->
                new MetadataReply.BrokerRegistered(
                        new BrokerEpoch(record.getBrokerRegistered().getBrokerEpoch()),
                        record.getBrokerRegistered().getIndex());
            case ISR_ALTERED -> IsrCodec.decoded(record.getIsrAltered());
            case LEADERS_ELECTED -> decoded(record.getLeadersElected());
            case PRODUCER_IDS_ALLOCATED ->
                new MetadataReply.ProducerIdsAllocated(
                        record.getProducerIdsAllocated().getFirst(),
                        record.getProducerIdsAllocated().getCount(),
                        record.getProducerIdsAllocated().getIndex());
            case DONE -> new MetadataReply.Done(record.getDone().getIndex());
            case BATCH -> decoded(record.getBatch());
            case REJECTED ->
                new MetadataReply.Rejected(
                        reason(record.getRejected().getReason()),
                        record.getRejected().getMessage());
            case REPLY_NOT_SET -> throw new MalformedRecordException("no known metadata reply");
        };
    }

    private static RejectedRecord rejected(io.weirlog.metadata.core.RejectReason reason, String message) {
        return RejectedRecord.newBuilder()
                .setReason(RejectReason.valueOf(REASON_PREFIX + reason.name()))
                .setMessage(message)
                .build();
    }

    private static BatchRecord encoded(MetadataReply.Batch reply) {
        var record = BatchRecord.newBuilder().setIndex(reply.index());
        for (var result : reply.results()) {
            var item = ItemResultRecord.newBuilder();
            if (result instanceof ItemResult.Refused(var reason, var message)) {
                item.setRefused(rejected(reason, message));
            }
            record.addResults(item);
        }
        return record.build();
    }

    private static MetadataReply decoded(BatchRecord record) throws MalformedRecordException {
        var results = new ArrayList<ItemResult>(record.getResultsCount());
        for (var item : record.getResultsList()) {
            results.add(
                    item.hasRefused()
                            ? new ItemResult.Refused(
                                    reason(item.getRefused().getReason()),
                                    item.getRefused().getMessage())
                            : new ItemResult.Accepted());
        }
        return new MetadataReply.Batch(results, record.getIndex());
    }

    private static LeadersElectedRecord encoded(MetadataReply.LeadersElected reply) {
        var record = LeadersElectedRecord.newBuilder().setIndex(reply.index());
        for (var result : reply.results()) {
            record.addResults(ElectionResult.valueOf(RESULT_PREFIX + result.name()));
        }
        return record.build();
    }

    private static MetadataReply decoded(LeadersElectedRecord record) throws MalformedRecordException {
        var results = new ArrayList<io.weirlog.metadata.core.ElectionResult>(record.getResultsCount());
        for (var result : record.getResultsList()) {
            results.add(
                    switch (result) {
                        case ELECTION_RESULT_UNSPECIFIED, UNRECOGNIZED ->
                            throw new MalformedRecordException("an unknown result of an election");
                        default ->
                            io.weirlog.metadata.core.ElectionResult.valueOf(
                                    result.name().substring(RESULT_PREFIX.length()));
                    });
        }
        return new MetadataReply.LeadersElected(results, record.getIndex());
    }

    private static io.weirlog.metadata.core.RejectReason reason(RejectReason reason) throws MalformedRecordException {
        return switch (reason) {
            case REJECT_REASON_UNSPECIFIED, UNRECOGNIZED ->
                throw new MalformedRecordException("an unknown reason of a refusal");
            default ->
                io.weirlog.metadata.core.RejectReason.valueOf(reason.name().substring(REASON_PREFIX.length()));
        };
    }
}
