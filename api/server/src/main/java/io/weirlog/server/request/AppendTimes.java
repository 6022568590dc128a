package io.weirlog.server.request;

import io.weirlog.common.TopicPartition;
import io.weirlog.replication.AppendProgress;
import io.weirlog.replication.AppendResult;
import java.util.function.Consumer;

/// How long an append takes on this broker, stage by stage, and then its result.
///
/// ```
/// queue       handed to the partition's owner -> its turn to be written has come
/// append      -> written
/// replicate   -> as safe as its acks ask for: synced here, held by the replicas
/// respond     -> the answer is in the network's hands
/// ```
/// What is refused has no stages. By the partition's owner.
final class AppendTimes implements AppendProgress {
    private final RequestWatch watch;
    private final String topic;
    private final TopicPartition id;
    private final Consumer<AppendResult> then;
    private final Origin origin = Origin.current();
    private final long offeredNanos = System.nanoTime();
    private boolean written;
    private long begunNanos;
    private long writtenNanos;
    private long knownNanos;
    private long answeredNanos;

    AppendTimes(RequestWatch watch, String topic, TopicPartition id, Consumer<AppendResult> then) {
        this.watch = watch;
        this.topic = topic;
        this.id = id;
        this.then = then;
    }

    @Override
    public void written(long newBegunNanos, long newWrittenNanos) {
        written = true;
        begunNanos = newBegunNanos;
        writtenNanos = newWrittenNanos;
    }

    @Override
    public void accept(AppendResult result) {
        knownNanos = System.nanoTime();
        then.accept(result);
        answeredNanos = System.nanoTime();
        watch.appended(this, origin);
    }

    boolean wasWritten() {
        return written;
    }

    String topic() {
        return topic;
    }

    int partition() {
        return id.partition();
    }

    long totalNanos() {
        return answeredNanos - offeredNanos;
    }

    long nanos(Stage stage) {
        return switch (stage) {
            case QUEUE -> begunNanos - offeredNanos;
            case APPEND -> writtenNanos - begunNanos;
            case REPLICATE -> knownNanos - writtenNanos;
            case RESPOND -> answeredNanos - knownNanos;
        };
    }

    /// For people, in milliseconds.
    String stages() {
        if (!written) {
            return "it was not written";
        }
        var text = new StringBuilder();
        for (var stage : Stage.values()) {
            text.append(text.isEmpty() ? "" : ", ")
                    .append(stage.tag())
                    .append(' ')
                    .append(SlowRequests.millis(nanos(stage)));
        }
        return text.toString();
    }
}
