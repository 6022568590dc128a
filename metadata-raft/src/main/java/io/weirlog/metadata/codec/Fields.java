package io.weirlog.metadata.codec;

import com.google.protobuf.ByteString;
import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.FeatureRange;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.storage.v1.ConfigRecord;
import io.weirlog.storage.v1.EndpointRecord;
import io.weirlog.storage.v1.FeatureRangeRecord;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/// Fields that several records share.
final class Fields {
    private static final int UUID_BYTES = 16;

    private Fields() {}

    static ByteString bytes(UUID uuid) {
        var buffer = ByteBuffer.allocate(UUID_BYTES)
                .putLong(uuid.getMostSignificantBits())
                .putLong(uuid.getLeastSignificantBits())
                .flip();
        return ByteString.copyFrom(buffer);
    }

    static UUID uuid(ByteString bytes) throws MalformedRecordException {
        if (bytes.size() != UUID_BYTES) {
            throw new MalformedRecordException("an id of " + bytes.size() + " bytes");
        }
        var buffer = bytes.asReadOnlyByteBuffer();
        return new UUID(buffer.getLong(), buffer.getLong());
    }

    static TopicId topicId(ByteString bytes) throws MalformedRecordException {
        return new TopicId(uuid(bytes));
    }

    static RequestId requestId(ByteString bytes) throws MalformedRecordException {
        return new RequestId(uuid(bytes));
    }

    static TopicPartition partition(ByteString topicId, int partition) throws MalformedRecordException {
        if (partition < 0) {
            throw new MalformedRecordException("a partition beyond the range of partitions");
        }
        return new TopicPartition(topicId(topicId), partition);
    }

    static BrokerId brokerId(int number) throws MalformedRecordException {
        if (number < 0) {
            throw new MalformedRecordException("a broker id beyond the range of ids");
        }
        return new BrokerId(number);
    }

    static BrokerEpoch brokerEpoch(long number) throws MalformedRecordException {
        if (number < 0) {
            throw new MalformedRecordException("a broker epoch beyond the range of epochs");
        }
        return new BrokerEpoch(number);
    }

    static List<EndpointRecord> endpoints(Map<String, Endpoint> endpoints) {
        return new TreeMap<>(endpoints)
                .entrySet().stream()
                        .map(entry -> EndpointRecord.newBuilder()
                                .setName(entry.getKey())
                                .setHost(entry.getValue().host())
                                .setPort(entry.getValue().port())
                                .build())
                        .toList();
    }

    static Map<String, Endpoint> endpoints(List<EndpointRecord> records) {
        var endpoints = new TreeMap<String, Endpoint>();
        records.forEach(record -> endpoints.put(record.getName(), new Endpoint(record.getHost(), record.getPort())));
        return endpoints;
    }

    static List<ConfigRecord> configs(Map<String, String> configs) {
        return new TreeMap<>(configs)
                .entrySet().stream()
                        .map(entry -> ConfigRecord.newBuilder()
                                .setKey(entry.getKey())
                                .setValue(entry.getValue())
                                .build())
                        .toList();
    }

    static Map<String, String> configs(List<ConfigRecord> records) {
        var configs = new TreeMap<String, String>();
        records.forEach(record -> configs.put(record.getKey(), record.getValue()));
        return configs;
    }

    static List<ByteString> bytes(List<UUID> uuids) {
        return uuids.stream().map(Fields::bytes).toList();
    }

    static List<UUID> uuids(List<ByteString> records) throws MalformedRecordException {
        var uuids = new ArrayList<UUID>(records.size());
        for (var record : records) {
            uuids.add(uuid(record));
        }
        return uuids;
    }

    static List<Integer> numbers(List<BrokerId> brokers) {
        return brokers.stream().map(BrokerId::value).toList();
    }

    static List<BrokerId> brokers(List<Integer> numbers) throws MalformedRecordException {
        var brokers = new ArrayList<BrokerId>(numbers.size());
        for (int number : numbers) {
            brokers.add(brokerId(number));
        }
        return List.copyOf(brokers);
    }

    /// Empty for the first level only, which is not written: so it was before there were others.
    static Optional<FeatureRangeRecord> features(FeatureRange features) {
        return features.equals(FeatureRange.FIRST)
                ? Optional.empty()
                : Optional.of(FeatureRangeRecord.newBuilder()
                        .setMin(features.min())
                        .setMax(features.max())
                        .build());
    }

    static FeatureRange features(boolean present, FeatureRangeRecord record) {
        return present ? new FeatureRange(record.getMin(), record.getMax()) : FeatureRange.FIRST;
    }
}
