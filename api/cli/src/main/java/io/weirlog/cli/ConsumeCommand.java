package io.weirlog.cli;

import io.weirlog.client.Consumer;
import io.weirlog.client.ConsumerOptions;
import io.weirlog.client.StartAt;
import io.weirlog.client.WeirlogClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "consume", description = "Print the records of a topic.")
final class ConsumeCommand implements Callable<Integer> {
    /// How long one poll waits when there is no end.
    private static final Duration FOLLOW_POLL = Duration.ofHours(1);

    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Parameters(paramLabel = "TOPIC", description = "The topic to read.")
    private String topic = "";

    @Option(
            names = "--from",
            paramLabel = "earliest|latest|OFFSET|TIME",
            description = "Where to begin; default earliest. A time is as in 2026-01-31T12:00:00Z.")
    private StartAt from = StartAt.earliest();

    @Option(names = "--max-records", paramLabel = "N", description = "How many records to print at most.")
    private Optional<Long> maxRecords = Optional.empty();

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            description = "Ends after so long without a record; default 5s.")
    private Duration timeout = Duration.ofSeconds(5);

    @Option(
            names = {"-f", "--follow"},
            description = "Never ends by itself.")
    private boolean follow;

    @Option(names = "--partition", paramLabel = "N", description = "The one partition to read; default: all.")
    private Optional<Integer> partition = Optional.empty();

    @Option(
            names = "--print",
            paramLabel = "FIELD,...",
            split = ",",
            defaultValue = "value",
            description = "What to print of a record, with tabs between: ${COMPLETION-CANDIDATES}; default value.")
    private List<RecordPrinter.Field> fields = List.of();

    @Option(
            names = "--rack",
            paramLabel = "RACK",
            description = "Where you are: read from a follower in this broker.rack where one is in sync.")
    private String rack = "";

    ConsumeCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws CommandFailed {
        var printer = new RecordPrinter(streams.out(), output, fields);
        long left = maxRecords.orElse(Long.MAX_VALUE);
        try (var client = bootstrap.client();
                var consumer = consumer(client)) {
            while (left > 0) {
                var records = consumer.poll(follow ? FOLLOW_POLL : timeout);
                if (records.isEmpty() && !follow) {
                    break;
                }
                records.stream().limit(left).forEach(printer::print);
                left -= Math.min(left, records.size());
                // Flushes, and tells that nobody reads any more, as in `consume orders | head`.
                if (streams.out().checkError()) {
                    break;
                }
            }
        }
        return ExitCode.OK;
    }

    private Consumer consumer(WeirlogClient client) throws CommandFailed {
        TopicCheck.require(client, topic, partition);
        var options = ConsumerOptions.builder().start(from).rack(rack);
        partition.ifPresentOrElse(number -> options.partition(topic, number), () -> options.topic(topic));
        return client.consumer(options.build());
    }
}
