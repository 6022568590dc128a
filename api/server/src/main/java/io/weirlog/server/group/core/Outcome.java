package io.weirlog.server.group.core;

import java.util.List;

/// What an event led to. The machine is already in the state after the records, so its caller must see to three things:
///
/// - The records are appended as one batch, in the order of the outcomes.
/// - An answer is given once everything that the machine has put out up to and including its outcome, and everything
/// that
///   it was loaded from, is committed in the leader epoch that it was loaded in ([HeldAnswers]). That holds for answers
///   without records too: what they show may still be on its way (G2).
/// - If an append fails, or its outcome is unknown, the machine is given up and another one is loaded from the log.
///
/// @param records may be empty
/// @param answers to the request, and to heartbeats that were waiting
public record Outcome(List<GroupRecord> records, List<Answer> answers) {
    public record Answer(Ticket ticket, GroupReply reply) {}

    public Outcome {
        records = List.copyOf(records);
        answers = List.copyOf(answers);
    }
}
