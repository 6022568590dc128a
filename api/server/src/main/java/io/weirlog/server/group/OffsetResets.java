package io.weirlog.server.group;

import io.weirlog.common.Offset;
import io.weirlog.metadata.TopicImage;
import io.weirlog.server.RecordCodec;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.relay.RelayException;
import io.weirlog.v1.CommittedOffset;
import io.weirlog.v1.FetchOffsetsRequest;
import io.weirlog.v1.FetchOffsetsResponse;
import io.weirlog.v1.ListOffsetsPartition;
import io.weirlog.v1.ListedOffset;
import io.weirlog.v1.OffsetReset;
import io.weirlog.v1.OffsetResetResult;
import io.weirlog.v1.Problem;
import io.weirlog.v1.SetOffsetsRequest;
import io.weirlog.v1.SetOffsetsResponse;
import io.weirlog.v1.StartPosition;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/// Sets a group's offsets to where people say in other words: the ends, a time, an age, so many records further. Looks
/// that up where the partitions are led, and has the coordinator set what came out.
final class OffsetResets {
    private static final int OFFSETS_MAX = 10_000;

    private final TopicLookup topics;
    private final GroupCalls calls;
    private final LogEnds ends;
    private final InstantSource clock;

    OffsetResets(TopicLookup topics, GroupCalls calls, LogEnds ends, InstantSource clock) {
        this.topics = topics;
        this.calls = calls;
        this.ends = ends;
        this.clock = clock;
    }

    /// One partition to set, with what was found for it so far.
    private static final class Wanted {
        final OffsetReset reset;
        OptionalLong old = OptionalLong.empty();
        OptionalLong found = OptionalLong.empty();
        Optional<Problem> problem = Optional.empty();

        Wanted(OffsetReset reset) {
            this.reset = reset;
        }

        String key() {
            return reset.getTopic() + "/" + reset.getPartition();
        }
    }

    /// Fails with a [RelayException].
    CompletableFuture<SetOffsetsResponse> set(SetOffsetsRequest request, long waitMillisMax) {
        List<Wanted> wanted = new ArrayList<>();
        var problem = expand(request, wanted);
        if (problem.isPresent()) {
            return CompletableFuture.failedFuture(new RelayException(problem.get()));
        }
        return committed(request.getGroupId(), waitMillisMax)
                .thenCompose(old -> {
                    wanted.forEach(one -> Optional.ofNullable(old.get(one.key()))
                            .ifPresent(offset -> one.old = OptionalLong.of(offset)));
                    return lookedUp(wanted);
                })
                .thenCompose(_ -> setFound(request, wanted, waitMillisMax));
    }

    /// Names every partition.
    private Optional<Problem> expand(SetOffsetsRequest request, List<Wanted> wanted) {
        for (var reset : request.getOffsetsList()) {
            var number = reset.hasPartition() ? OptionalInt.of(reset.getPartition()) : OptionalInt.empty();
            if (reset.getToCase() == OffsetReset.ToCase.TO_NOT_SET) {
                return Optional.of(ServerProblems.invalidRequest(
                        "a reset of '" + reset.getTopic() + "' says neither `position` nor `age` nor `shift_by`"));
            }
            switch (topics.find(reset.getTopic(), reset.getTopicId(), number)) {
                case TopicLookup.Found.Nothing(var problem) -> {
                    return Optional.of(problem);
                }
                case TopicLookup.Found.Topic(var topic) ->
                    numbers(topic, number)
                            .forEach(partition -> wanted.add(new Wanted(
                                    reset.toBuilder().setPartition(partition).build())));
            }
        }
        return wanted.isEmpty() || wanted.size() > OFFSETS_MAX
                ? Optional.of(ServerProblems.invalidRequest(
                        "a request sets 1 to " + OFFSETS_MAX + " partitions, not " + wanted.size()))
                : Optional.empty();
    }

    private static IntStream numbers(TopicImage topic, OptionalInt number) {
        return number.isPresent()
                ? IntStream.of(number.getAsInt())
                : IntStream.range(0, topic.partitions().size());
    }

    private CompletableFuture<Map<String, Long>> committed(String group, long waitMillisMax) {
        var request = FetchOffsetsRequest.newBuilder().setGroupId(group).build();
        return calls.call(GroupRpcs.FETCH_OFFSETS, request, waitMillisMax)
                .thenApply(FetchOffsetsResponse::getOffsetsList)
                .thenApply(offsets -> {
                    Map<String, Long> all = new HashMap<>();
                    for (CommittedOffset offset : offsets) {
                        all.put(offset.getTopic() + "/" + offset.getPartition(), offset.getNextOffset());
                    }
                    return all;
                });
    }

    private CompletableFuture<Void> lookedUp(List<Wanted> wanted) {
        List<ListOffsetsPartition> queries = new ArrayList<>();
        for (var one : wanted) {
            queries.add(query(
                    one,
                    StartPosition.newBuilder()
                            .setEarliest(StartPosition.Earliest.getDefaultInstance())
                            .build()));
            queries.add(query(
                    one,
                    StartPosition.newBuilder()
                            .setLatest(StartPosition.Latest.getDefaultInstance())
                            .build()));
            queries.add(query(one, time(one.reset)));
        }
        return ends.list(queries).thenAccept(listed -> {
            var next = listed.iterator();
            wanted.forEach(one -> decide(one, next.next(), next.next(), next.next()));
        });
    }

    private static ListOffsetsPartition query(Wanted wanted, StartPosition position) {
        return ListOffsetsPartition.newBuilder()
                .setTopic(wanted.reset.getTopic())
                .setPartition(wanted.reset.getPartition())
                .setPosition(position)
                .build();
    }

    /// The time asked for; where none is, any: nobody looks at what comes back.
    private StartPosition time(OffsetReset reset) {
        var position = StartPosition.newBuilder();
        return switch (reset.getToCase()) {
            case AGE ->
                position.setTimestamp(RecordCodec.timestamp(clock.millis() - GroupRequests.millis(reset.getAge())))
                        .build();
            case POSITION ->
                reset.getPosition().hasTimestamp()
                        ? reset.getPosition()
                        : position.setLatest(StartPosition.Latest.getDefaultInstance())
                                .build();
            case SHIFT_BY, TO_NOT_SET ->
                position.setLatest(StartPosition.Latest.getDefaultInstance()).build();
        };
    }

    private static void decide(Wanted one, ListedOffset earliest, ListedOffset latest, ListedOffset atTime) {
        if (!earliest.hasOffset() || !latest.hasOffset()) {
            one.problem = Optional.of(earliest.hasProblem() ? earliest.getProblem() : latest.getProblem());
            return;
        }
        var start = earliest.getOffset();
        var end = latest.getOffset();
        switch (one.reset.getToCase()) {
            case POSITION -> decidePosition(one, start, end, atTime);
            case AGE -> one.found = OptionalLong.of(atTime.hasOffset() ? atTime.getOffset() : end);
            case SHIFT_BY -> {
                var from = one.old.orElse(start);
                // The shift is cut and not the sum: that of a very large one is none.
                one.found = OptionalLong.of(from + Math.clamp(one.reset.getShiftBy(), start - from, end - from));
            }
            case TO_NOT_SET -> throw new IllegalStateException("refused before");
        }
    }

    private static void decidePosition(Wanted one, long start, long end, ListedOffset atTime) {
        var position = one.reset.getPosition();
        switch (position.getPositionCase()) {
            case EARLIEST, POSITION_NOT_SET -> one.found = OptionalLong.of(start);
            case LATEST -> one.found = OptionalLong.of(end);
            case TIMESTAMP -> one.found = OptionalLong.of(atTime.hasOffset() ? atTime.getOffset() : end);
            case OFFSET -> {
                if (position.getOffset() < start || position.getOffset() > end) {
                    one.problem = Optional.of(
                            ServerProblems.offsetOutOfRange(position.getOffset(), new Offset(start), new Offset(end)));
                } else {
                    one.found = OptionalLong.of(position.getOffset());
                }
            }
        }
    }

    private CompletableFuture<SetOffsetsResponse> setFound(
            SetOffsetsRequest request, List<Wanted> wanted, long waitMillisMax) {
        var found = wanted.stream().filter(one -> one.found.isPresent()).toList();
        if (found.isEmpty()) {
            return CompletableFuture.completedFuture(response(wanted, SetOffsetsResponse.getDefaultInstance()));
        }
        var looked = SetOffsetsRequest.newBuilder()
                .setGroupId(request.getGroupId())
                .setValidateOnly(request.getValidateOnly())
                .setRouting(request.getRouting());
        for (var one : found) {
            looked.addOffsets(
                    one.reset.toBuilder().setPosition(StartPosition.newBuilder().setOffset(one.found.getAsLong())));
        }
        return calls.call(GroupRpcs.SET_OFFSETS, looked.build(), waitMillisMax).thenApply(set -> response(wanted, set));
    }

    private static SetOffsetsResponse response(List<Wanted> wanted, SetOffsetsResponse set) {
        var response = SetOffsetsResponse.newBuilder();
        if (set.hasCoordinator()) {
            response.setCoordinator(set.getCoordinator());
        }
        var results = set.getResultsList().iterator();
        for (var one : wanted) {
            var result = one.found.isPresent()
                    ? results.next().toBuilder()
                    : OffsetResetResult.newBuilder()
                            .setTopic(one.reset.getTopic())
                            .setPartition(one.reset.getPartition())
                            .setProblem(one.problem.orElseThrow());
            one.old.ifPresent(result::setOldOffset);
            response.addResults(result);
        }
        return response.build();
    }
}
