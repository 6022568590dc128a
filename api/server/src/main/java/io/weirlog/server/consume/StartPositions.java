package io.weirlog.server.consume;

import io.weirlog.common.Offset;
import io.weirlog.server.relay.Routes;
import io.weirlog.v1.ListOffsetsPartition;
import io.weirlog.v1.ListOffsetsRequest;
import io.weirlog.v1.ListedOffset;
import io.weirlog.v1.StartPosition;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// Finds where cursors begin: here if this broker can tell, or else by asking the leaders, all in one go.
final class StartPositions {
    private final PartitionReader reader;
    private final OffsetLookups offsets;

    StartPositions(PartitionReader reader, OffsetLookups offsets) {
        this.reader = reader;
        this.offsets = offsets;
    }

    /// One position for each, in their order.
    ///
    /// @param mayAsk whether other brokers may be asked
    CompletableFuture<List<PartitionReader.Position>> find(List<Subscriptions.Beginning> beginnings, boolean mayAsk) {
        List<PartitionReader.Position> found = new ArrayList<>(beginnings.size());
        var queries = new Queries();
        for (var beginning : beginnings) {
            var here = here(beginning, mayAsk);
            if (mayAsk && isForTheLeader(here)) {
                queries.add(found.size(), beginning);
            }
            found.add(here);
        }
        if (queries.indexes.isEmpty()) {
            return CompletableFuture.completedFuture(found);
        }
        return offsets.list(queries.request.build()).thenApply(listed -> {
            queries.answer(listed, found);
            return found;
        });
    }

    private PartitionReader.Position here(Subscriptions.Beginning beginning, boolean mayAsk) {
        var cursor = beginning.cursor();
        var start = beginning.start();
        var here = reader.resolve(cursor.topic, cursor.id, start, cursor.fromFollower);
        // Whoever reads from an offset says so if it cannot be: nobody need be asked before.
        return mayAsk && start.hasOffset() && start.getOffset() >= 0 && isForTheLeader(here)
                ? new PartitionReader.Position.At(new Offset(start.getOffset()))
                : here;
    }

    private static boolean isForTheLeader(PartitionReader.Position position) {
        return position instanceof PartitionReader.Position.Failed(var problem) && Routes.goesElsewhere(problem);
    }

    private static final class Queries {
        final ListOffsetsRequest.Builder request = ListOffsetsRequest.newBuilder();
        /// Which beginning each query is for.
        final List<Integer> indexes = new ArrayList<>();

        void add(int index, Subscriptions.Beginning beginning) {
            if (beginning.start().hasTimestamp()) {
                // Looked up before the search: what is written between the two is not skipped.
                add(
                        index,
                        beginning.cursor(),
                        StartPosition.newBuilder()
                                .setLatest(StartPosition.Latest.getDefaultInstance())
                                .build());
            }
            add(index, beginning.cursor(), beginning.start());
        }

        private void add(int index, Cursor cursor, StartPosition start) {
            var asked = start.getPositionCase() == StartPosition.PositionCase.POSITION_NOT_SET
                    ? StartPosition.newBuilder()
                            .setEarliest(StartPosition.Earliest.getDefaultInstance())
                            .build()
                    : start;
            request.addPartitions(ListOffsetsPartition.newBuilder()
                    .setTopic(cursor.topic)
                    .setPartition(cursor.id.partition())
                    .setPosition(asked));
            indexes.add(index);
        }

        /// Puts in what was found; where no record is that young, the end stands.
        void answer(List<ListedOffset> listed, List<PartitionReader.Position> found) {
            for (int i = 0; i < listed.size(); i++) {
                int index = indexes.get(i);
                var isSecond = i > 0 && indexes.get(i - 1) == index;
                var offset = listed.get(i);
                if (offset.hasProblem()) {
                    found.set(index, new PartitionReader.Position.Failed(offset.getProblem()));
                } else if (offset.hasOffset()
                        && !(isSecond && found.get(index) instanceof PartitionReader.Position.Failed)) {
                    found.set(index, new PartitionReader.Position.At(new Offset(offset.getOffset())));
                }
            }
        }
    }
}
