package io.weirlog.replication;

import io.weirlog.log.ProducerAdmission;
import io.weirlog.log.ProducerVerdict;
import java.util.ArrayList;
import java.util.List;

/// What becomes of the appends of one turn: which are to be written, in this order, and which were before.
///
/// @param accepted to be written
/// @param repeated in the log already, or there once the accepted ones are: to be answered like their first coming
record Admitted(List<AppendCommand> accepted, List<Repeated> repeated) {
    /// A batch that its producer has sent before.
    record Repeated(AppendCommand command, ProducerVerdict.Duplicate original) {}

    Admitted(int appends) {
        this(new ArrayList<>(appends), new ArrayList<>());
    }

    /// Takes an append, or refuses what its producer may not send now (P1), and what is not expected here: a repeated
    /// batch is asked for its first offset, any other for the log's end.
    void admit(AppendCommand command, ProducerAdmission admission) {
        var end = admission.endOffset();
        var expected = command.expectedBaseOffset();
        var isUnexpected = expected.isPresent() && !expected.get().equals(end);
        switch (admission.look(command.batch().buffer())) {
            case ProducerVerdict.Accepted()
            when isUnexpected -> command.refuse(new AppendRefusal.UnexpectedOffset(expected.get(), end));
            case ProducerVerdict.Accepted() -> {
                admission.take(command.batch().buffer());
                accepted.add(command);
            }
            case ProducerVerdict.Duplicate original
            when isUnexpected && !expected.get().equals(original.baseOffset()) ->
                command.refuse(new AppendRefusal.UnexpectedOffset(expected.get(), end));
            case ProducerVerdict.Duplicate original -> repeated.add(new Repeated(command, original));
            case ProducerVerdict.OutOfOrder(var wanted, var found) ->
                command.refuse(new AppendRefusal.OutOfOrderSequence(wanted, found));
            case ProducerVerdict.Fenced(var current, var found) ->
                command.refuse(new AppendRefusal.ProducerFenced(current, found));
            case ProducerVerdict.OutsideTransaction(var start) ->
                command.refuse(new AppendRefusal.OutsideTransaction(start));
        }
    }
}
