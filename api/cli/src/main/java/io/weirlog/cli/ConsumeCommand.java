package io.weirlog.cli;

import io.weirlog.client.Consumer;
import io.weirlog.client.ConsumerOptions;
import io.weirlog.client.ConsumerRecord;
import io.weirlog.client.StartAt;
import io.weirlog.client.WeirlogClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "consume", description = "Print the records of topics.")
final class ConsumeCommand implements Callable<Integer> {
    /// How long one poll waits when there is no end.
    private static final Duration FOLLOW_POLL = Duration.ofHours(1);

    private final Streams streams;

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Mixin
    private final GroupFlags group = new GroupFlags();

    @Parameters(paramLabel = "TOPIC", arity = "0..*", description = "The topics to read.")
    private List<String> topics = List.of();

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
            names = "--format",
            paramLabel = "text|hex",
            defaultValue = "text",
            description = "How keys, values and headers look: as they are, or in hexadecimal; default text.")
    private RecordPrinter.BytesForm form = RecordPrinter.BytesForm.TEXT;

    @Option(
            names = "--rack",
            paramLabel = "RACK",
            description = "Where you are: read from a follower in this broker.rack where one is in sync.")
    private String rack = "";

    ConsumeCommand(Streams streams) {
        this.streams = streams;
    }

    /// What is done with records beside printing them.
    private interface Follower {
        void printed(ConsumerRecord record);

        /// All of that has got through.
        void flushed();
    }

    private static final Follower NOBODY = new Follower() {
        @Override
        public void printed(ConsumerRecord record) {}

        @Override
        public void flushed() {}
    };

    @Override
    public Integer call() throws CommandFailed {
        check();
        try (var client = bootstrap.client()) {
            for (var topic : topics) {
                TopicCheck.require(client, topic, partition);
            }
            if (group.name().isPresent()) {
                consumeInGroup(client, group.name().get());
            } else {
                try (var consumer = client.consumer(options())) {
                    print(consumer, NOBODY);
                }
            }
        }
        return ExitCode.OK;
    }

    private void check() {
        require(!topics.isEmpty() || group.hasPattern(), "name a topic to read");
        require(partition.isEmpty() || topics.size() == 1, "--partition needs one topic");
        if (group.name().isPresent()) {
            require(
                    partition.isEmpty() && !(from instanceof StartAt.AtOffset),
                    "--partition and --from with an offset are not for groups: see weirlog group seek");
        } else {
            require(!group.isChosen(), "--topic-pattern, --instance-id, --assignor and --no-commit need a --group");
        }
    }

    private void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new ParameterException(command.commandLine(), otherwise);
        }
    }

    private ConsumerOptions options() {
        var options = ConsumerOptions.builder().start(from).rack(rack);
        for (var topic : topics) {
            partition.ifPresentOrElse(number -> options.partition(topic, number), () -> options.topic(topic));
        }
        return options.build();
    }

    private void consumeInGroup(WeirlogClient client, String name) {
        var printed = new PrintedOffsets();
        var options = group.options(name, topics, from).rack(rack);
        if (group.commits()) {
            options.listener(printed);
        }
        try (var consumer = client.groupConsumer(options.build())) {
            print(consumer, new Follower() {
                @Override
                public void printed(ConsumerRecord record) {
                    printed.printed(record);
                }

                @Override
                public void flushed() {
                    printed.flushed();
                    if (group.commits()) {
                        printed.commit(consumer);
                    }
                }
            });
        }
    }

    private void print(Consumer consumer, Follower follower) {
        var printer = new RecordPrinter(streams.out(), output, fields, form);
        long left = maxRecords.orElse(Long.MAX_VALUE);
        while (left > 0) {
            var records = consumer.poll(follow ? FOLLOW_POLL : timeout);
            if (records.isEmpty() && !follow) {
                break;
            }
            for (var record : records.subList(0, (int) Math.min(left, records.size()))) {
                printer.print(record);
                follower.printed(record);
            }
            left -= Math.min(left, records.size());
            // Flushes, and tells that nobody reads any more, as in `consume orders | head`.
            if (streams.out().checkError()) {
                break;
            }
            follower.flushed();
        }
    }
}
