package io.weirlog.client;

import java.util.List;
import java.util.Optional;

/// The batches of one partition that were sent and are not done, in the order of their records. Pure; it decides what
/// may be sent, and what becomes of a batch that was not acknowledged, so that the log never holds them in another
/// order.
///
/// What happens to a batch on its way is told by exactly one of [#appended], [#unknown], [#refused], [#rejected] and
/// [#outOfSequence]. Each returns the batches that are done because of this, besides one that was appended.
sealed interface SendWindow<B> permits OrderedWindow, SequencedWindow {
    /// How a batch ends that is not acknowledged.
    enum Fate {
        NOT_APPENDED,
        /// Not appended, and a later one is, or may be: sending it again would change the order.
        OVERTAKEN,
        /// It may be in the log.
        UNKNOWN
    }

    record Ended<B>(B batch, Fate fate) {}

    boolean isEmpty();

    boolean anyOnItsWay();

    boolean mayTakeNew();

    void sent(B batch);

    /// The first batch that waits to be sent again, if it may go now; [#resent] says that it did.
    Optional<B> nextToResend();

    void resent(B batch);

    /// What the batch has to carry, if it is to be told when it comes twice. It changes only as long as the batch is
    /// nowhere.
    Optional<ProducerNumbers> numbers(B batch);

    /// The batch is in the log.
    List<Ended<B>> appended(B batch);

    /// Nobody knows whether the batch is in the log, or will be.
    List<Ended<B>> unknown(B batch);

    /// The batch was not appended this time; it may be sent again.
    List<Ended<B>> refused(B batch);

    /// The batch was not appended this time and never will be. Also for one that waits and is given up.
    List<Ended<B>> rejected(B batch);

    /// The batch was not appended, because those before it in its producer's sequence are missing.
    List<Ended<B>> outOfSequence(B batch);

    /// The time for the batch is over. One on its way keeps its place until it is told what became of it.
    List<Ended<B>> expired(B batch);

    /// Whether nothing can be sent before [#begin].
    boolean needsProducer();

    /// Who sends; empty if nobody has begun, or the broker need not know.
    Optional<ProducerIdentity> producer();

    /// Goes on as another producer, or in another epoch of the same one.
    List<Ended<B>> begin(ProducerIdentity next);

    /// The batches that wait to be sent again, in order.
    List<B> waiting();

    List<B> onItsWay();
}
