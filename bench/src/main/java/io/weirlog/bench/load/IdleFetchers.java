package io.weirlog.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.FetchRequest;
import org.apache.kafka.common.requests.FetchResponse;
import org.apache.kafka.common.requests.RequestHeader;

/// What Kafka's broker sees of consumers that wait for records: a connection of each, and one request under way on it
/// that is answered after `fetch.max.wait.ms`, with the defaults of Kafka's consumer. Thousands of its consumers would
/// not
/// fit into one process.
final class IdleFetchers implements AutoCloseable {
    /// The last version that names topics.
    private static final short VERSION = 12;

    private static final int WAIT_MILLIS = 500;
    private static final int PARTITION_BYTES_MAX = 1 << 20;
    private static final long OPEN_SECONDS_MAX = 120;

    private final Selector selector = Selector.open();
    private final CountDownLatch waitedFor;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile String failure = "";

    IdleFetchers(InetSocketAddress broker, String topic, int partitions, int count)
            throws IOException, InterruptedException {
        waitedFor = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            var channel = SocketChannel.open(broker);
            channel.configureBlocking(false);
            var connection = new Connection(channel, new TopicPartition(topic, i % partitions));
            channel.register(selector, SelectionKey.OP_READ, connection);
            connection.fetch();
        }
        thread = Thread.ofPlatform().daemon().name("idle-fetchers").start(this::run);
        if (!waitedFor.await(OPEN_SECONDS_MAX, TimeUnit.SECONDS) || !failure.isEmpty()) {
            close();
            throw new IllegalStateException(waitedFor.getCount() + " fetchers were not answered; " + failure);
        }
    }

    private void run() {
        try {
            while (!stopped) {
                selector.select(key -> ((Connection) key.attachment()).read());
            }
            for (var key : selector.keys()) {
                key.channel().close();
            }
        } catch (IOException e) {
            failure = String.valueOf(e.getMessage());
        }
    }

    private final class Connection {
        private final SocketChannel channel;
        private final RequestHeader header = new RequestHeader(ApiKeys.FETCH, VERSION, "idle", 1);
        private final ByteBuffer request;
        private final ByteBuffer response = ByteBuffer.allocate(1024);
        private boolean answered;

        Connection(SocketChannel channel, TopicPartition partition) {
            this.channel = channel;
            var wanted = new FetchRequest.PartitionData(
                    Uuid.ZERO_UUID, 0, FetchRequest.INVALID_LOG_START_OFFSET, PARTITION_BYTES_MAX, Optional.empty());
            var body = FetchRequest.Builder.forConsumer(VERSION, WAIT_MILLIS, 1, Map.of(partition, wanted))
                    .build(VERSION)
                    .serializeWithHeader(header);
            request = ByteBuffer.allocate(Integer.BYTES + body.remaining());
            request.putInt(body.remaining()).put(body).flip();
        }

        void fetch() throws IOException {
            channel.write(request.rewind());
            if (request.hasRemaining()) {
                throw new IOException("a small request did not fit into an empty socket");
            }
        }

        private void read() {
            try {
                if (channel.read(response) < 0) {
                    throw new IOException("the broker has closed the connection");
                }
                if (response.position() > Integer.BYTES && response.position() == Integer.BYTES + response.getInt(0)) {
                    if (!answered) {
                        check();
                    }
                    response.clear();
                    fetch();
                }
            } catch (IOException e) {
                failure = String.valueOf(e.getMessage());
                stopped = true;
            }
        }

        /// What is refused would be asked again at once: that is not waiting.
        private void check() throws IOException {
            var body = response.duplicate().flip().position(Integer.BYTES);
            var fetched = (FetchResponse) AbstractResponse.parseResponse(body, header);
            for (var topic : fetched.data().responses()) {
                for (var partition : topic.partitions()) {
                    if (partition.errorCode() != Errors.NONE.code()) {
                        throw new IOException("refused: " + Errors.forCode(partition.errorCode()));
                    }
                }
            }
            answered = true;
            waitedFor.countDown();
        }
    }

    @Override
    public void close() throws IOException {
        stopped = true;
        selector.wakeup();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(OPEN_SECONDS_MAX));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        selector.close();
        if (!failure.isEmpty()) {
            throw new IllegalStateException("an idle fetcher ended: " + failure);
        }
    }
}
