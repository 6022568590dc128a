package io.weirlog.replication;

import io.weirlog.common.Offset;
import io.weirlog.log.ProducerAdmission;
import io.weirlog.log.ProducerVerdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What becomes of the appends of one turn: which are to be written, in this order, and which were before.
///
/// @param accepted to be written
/// @param repeated in the log already, or there once the accepted ones are: to be answered like their first coming
record Admitted(List<AppendCommand> accepted, List<Repeated> repeated) {
    /// A batch that its producer has sent before.
    ///
    /// @param first where it lies, if anybody knows
    /// @param end at or behind its end
    record Repeated(AppendCommand command, Optional<Place> first, Offset end) {}

    /// Of a batch in the log.
    ///
    /// @param timestampMillis the latest time of its records
    record Place(Offset baseOffset, long timestampMillis) {}

    Admitted(int appends) {
        this(new ArrayList<>(appends), new ArrayList<>());
    }

    /// Takes an append, or refuses what its producer may not send now (P1), and what is not expected here: a repeated
    /// batch is asked for its first offset, any other for the log's end.
    ///
    /// @param obstacle why nothing can be written now: what is in the log already is no worse for it
    void admit(AppendCommand command, ProducerAdmission admission, Optional<AppendRefusal> obstacle) {
        var end = admission.endOffset();
        var expected = command.expectedBaseOffset();
        var isUnexpected = expected.isPresent() && !expected.get().equals(end);
        switch (admission.look(command.batch().buffer())) {
            case ProducerVerdict.Accepted() when obstacle.isPresent() -> command.refuse(obstacle.get());
            case ProducerVerdict.Accepted()
            when isUnexpected -> command.refuse(new AppendRefusal.UnexpectedOffset(expected.get(), end));
            case ProducerVerdict.Accepted() -> {
                admission.take(command.batch().buffer());
                accepted.add(command);
            }
            case ProducerVerdict.Duplicate original
            when isUnexpected && !expected.get().equals(original.baseOffset()) ->
                command.refuse(new AppendRefusal.UnexpectedOffset(expected.get(), end));
            case ProducerVerdict.Duplicate(var base, var last, var timestampMillis) ->
                repeated.add(new Repeated(command, Optional.of(new Place(base, timestampMillis)), last.plus(1)));
            case ProducerVerdict.OldDuplicate(var before)
            when isUnexpected && !expected.get().isBefore(before) ->
                command.refuse(new AppendRefusal.UnexpectedOffset(expected.get(), end));
            case ProducerVerdict.OldDuplicate(var before) ->
                repeated.add(new Repeated(command, Optional.empty(), before));
            case ProducerVerdict.OutOfOrder(var wanted, var found) ->
                command.refuse(new AppendRefusal.OutOfOrderSequence(wanted, found));
            case ProducerVerdict.UnknownProducer(var found) -> command.refuse(new AppendRefusal.UnknownProducer(found));
            case ProducerVerdict.Fenced(var current, var found) ->
                command.refuse(new AppendRefusal.ProducerFenced(current, found));
            case ProducerVerdict.OutsideTransaction(var start) ->
                command.refuse(new AppendRefusal.OutsideTransaction(start));
        }
    }
}
