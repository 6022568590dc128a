package io.weirlog.server.produce;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import io.weirlog.v1.Acks;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.Compression;
import io.weirlog.v1.ProduceAppend;
import io.weirlog.v1.ProduceInitial;
import io.weirlog.v1.ProducerSequence;
import io.weirlog.v1.RecordList;
import io.weirlog.v1.Routing;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Payload;
import io.weirlog.wire.ReceivedPayload;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// An append as a client asks for it, whichever call it came through. Nothing in it has been checked.
///
/// @param topicId empty if the client does not care
/// @param timeout the default instance if the client does not say
/// @param records the plain form, if it came in that
/// @param batch the encoded form, if it came in that; owned by the order
record AppendOrder(
        String topic,
        ByteString topicId,
        OptionalInt partition,
        Acks acks,
        Duration timeout,
        OptionalLong expectedBaseOffset,
        Compression compression,
        Routing routing,
        Optional<ProducerSequence> producer,
        Optional<RecordList> records,
        Optional<ReceivedPayload> batch) {

    static AppendOrder of(Framed<AppendRequest> framed) {
        var request = framed.message();
        return new AppendOrder(
                request.getTopic(),
                request.getTopicId(),
                request.hasPartition() ? OptionalInt.of(request.getPartition()) : OptionalInt.empty(),
                request.getAcks(),
                request.getTimeout(),
                request.hasExpectedBaseOffset()
                        ? OptionalLong.of(request.getExpectedBaseOffset())
                        : OptionalLong.empty(),
                request.getCompression(),
                request.getRouting(),
                request.hasProducer() ? Optional.of(request.getProducer()) : Optional.empty(),
                request.hasRecords() ? Optional.of(request.getRecords()) : Optional.empty(),
                batch(framed.payload()));
    }

    /// @param topic the topic's name, by the stream's alias where the request gives only that
    /// @param defaults what the stream's first message set for all appends
    static AppendOrder of(ProduceAppend request, Payload payload, String topic, ProduceInitial defaults) {
        return new AppendOrder(
                topic,
                request.getTopicId(),
                request.hasPartition() ? OptionalInt.of(request.getPartition()) : OptionalInt.empty(),
                request.getAcks() == Acks.ACKS_UNSPECIFIED ? defaults.getAcks() : request.getAcks(),
                request.hasTimeout() ? request.getTimeout() : defaults.getTimeout(),
                request.hasExpectedBaseOffset()
                        ? OptionalLong.of(request.getExpectedBaseOffset())
                        : OptionalLong.empty(),
                request.getCompression(),
                request.getRouting() == Routing.ROUTING_UNSPECIFIED ? defaults.getRouting() : request.getRouting(),
                request.hasProducer() ? Optional.of(request.getProducer()) : Optional.empty(),
                request.hasRecords() ? Optional.of(request.getRecords()) : Optional.empty(),
                batch(payload));
    }

    private static Optional<ReceivedPayload> batch(Payload payload) {
        return payload instanceof ReceivedPayload received && !payload.isEmpty()
                ? Optional.of(received)
                : Optional.empty();
    }

    /// Bytes that the order holds in memory.
    long sizeBytes() {
        return (long) records.map(RecordList::getSerializedSize).orElse(0)
                + batch.map(ReceivedPayload::length).orElse(0);
    }

    void close() {
        batch.ifPresent(ReceivedPayload::close);
    }
}
