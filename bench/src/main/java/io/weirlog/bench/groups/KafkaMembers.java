package io.weirlog.bench.groups;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Members of Kafka's newer protocol (KIP-848), a consumer with a thread each.
final class KafkaMembers implements Members {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long END_MILLIS_MAX = 30_000;

    private final String addresses;

    KafkaMembers(String addresses) {
        this.addresses = addresses;
    }

    @Override
    public Member join(Joining joining, Listener listener) {
        return new Polling(addresses, joining, listener);
    }

    private static final class Polling implements Member, ConsumerRebalanceListener {
        private final Listener listener;
        private final Thread thread;
        private volatile boolean stopped;

        Polling(String addresses, Joining joining, Listener listener) {
            this.listener = listener;
            thread = Thread.ofPlatform().daemon().start(() -> run(addresses, joining));
        }

        private void run(String addresses, Joining joining) {
            var config = new TreeMap<String, Object>();
            config.put("bootstrap.servers", addresses);
            config.put("group.protocol", "consumer");
            config.put("group.id", joining.group());
            config.put("auto.offset.reset", "latest");
            config.put("enable.auto.commit", false);
            if (!joining.instance().isEmpty()) {
                config.put("group.instance.id", joining.instance());
            }
            try (var consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
                consumer.subscribe(List.of(joining.topic()), this);
                while (!stopped) {
                    for (var record : consumer.poll(POLL)) {
                        listener.received(record.partition(), Members.stamp(ByteBuffer.wrap(record.value())));
                    }
                }
            } catch (RuntimeException e) {
                listener.failed(String.valueOf(e.getMessage()));
            }
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            listener.assigned(numbers(partitions));
        }

        /// What is let go of because the member ends is not lost to it.
        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            if (!stopped) {
                listener.lost(numbers(partitions));
            }
        }

        private static List<Integer> numbers(Collection<TopicPartition> partitions) {
            return partitions.stream().map(TopicPartition::partition).collect(Collectors.toList());
        }

        @Override
        public void close() {
            stopped = true;
            try {
                thread.join(END_MILLIS_MAX);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {}
}
