package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.ByteString;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatch;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.FetchPartition;
import io.weirlog.v1.FetchRequest;
import io.weirlog.v1.RecordForm;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `compression.type` decides over what the broker encodes, unless the request does; a producer's batch it leaves
/// alone.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CompressionTypeTest {
    private static final int OFFSET_AND_EPOCH_BYTES = 16;

    private TestNode node;

    @BeforeAll
    void start(@TempDir Path dataDir) throws NodeStartException {
        node = TestNode.start(dataDir);
        for (var type : new String[] {"producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"}) {
            node.createTopic(type, 1, Map.of("compression.type", type));
        }
    }

    @AfterAll
    void stop() {
        node.close();
    }

    /// The batch at an offset, as it lies in the log.
    private ByteBuffer stored(String topic, long offset) {
        return node.consumer()
                .fetch(FetchRequest.newBuilder()
                        .setForm(RecordForm.RECORD_FORM_BATCHES)
                        .addPartitions(FetchPartition.newBuilder()
                                .setTopic(topic)
                                .setPartition(0)
                                .setOffset(offset))
                        .build())
                .getPartitions(0)
                .getBatches()
                .asReadOnlyByteBuffer();
    }

    private long append(AppendRequest.Builder request, String topic) {
        return node.producer()
                .append(request.setTopic(topic).setPartition(0).build())
                .getResults(0)
                .getAppended()
                .getBaseOffset();
    }

    private static Compression compressionOf(ByteBuffer batch) {
        return RecordBatch.of(batch).compression().orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({"producer,NONE", "uncompressed,NONE", "gzip,GZIP", "snappy,SNAPPY", "lz4,LZ4", "zstd,ZSTD"})
    void plainRecordsAreCompressedAsTheTopicSays(String topic, Compression expected) {
        var offset = append(AppendRequest.newBuilder().setRecords(TestNode.records("a", "b")), topic);
        assertEquals(expected, compressionOf(stored(topic, offset)));
    }

    @Test
    void aRequestMayChooseForItsPlainRecords() {
        var request = AppendRequest.newBuilder()
                .setRecords(TestNode.records("a", "b"))
                .setCompression(io.weirlog.v1.Compression.COMPRESSION_LZ4);
        assertEquals(Compression.LZ4, compressionOf(stored("zstd", append(request, "zstd"))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"})
    void aProducersBatchStaysAsItIs(String topic) {
        for (var compression : Compression.values()) {
            var batch = TestNode.batch(compression, "one", "two");
            var offset = append(AppendRequest.newBuilder().setBatch(ByteString.copyFrom(batch.duplicate())), topic);
            var stored = stored(topic, offset).limit(batch.remaining());
            // All but base offset and leader epoch, which the leader stamps.
            assertEquals(
                    batch.slice(OFFSET_AND_EPOCH_BYTES, batch.remaining() - OFFSET_AND_EPOCH_BYTES),
                    stored.slice(OFFSET_AND_EPOCH_BYTES, stored.remaining() - OFFSET_AND_EPOCH_BYTES));
        }
    }
}
