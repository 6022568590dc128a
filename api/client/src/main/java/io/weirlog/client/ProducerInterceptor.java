package io.weirlog.client;

/// Sees every record of a producer on its way: for tracing, auditing, counting, or adding headers. Several are called
/// in
/// the order in which [ProducerOptions.Builder#interceptors] got them.
///
/// What one of them throws is logged and passed over, as Kafka's clients do it: something that watches must not keep
/// records from being written. So what a record must not be written without is no matter for an interceptor.
///
/// Interceptors belong to whoever made them; a producer that closes does not close them. They are called by many
/// threads, must be quick and must not block.
///
/// A producer with interceptors keeps each record until its outcome is told, besides its encoded form, which alone
/// counts towards [ProducerOptions#bufferBytes].
public interface ProducerInterceptor {
    /// The record to send instead: by default the same. It may differ in everything, the topic too; its partition is
    /// chosen afterwards. The next interceptor gets what this one returns, or if it throws, what this one got.
    ///
    /// Runs within the producer's `send`.
    default ProducerRecord onSend(ProducerRecord record) {
        return record;
    }

    /// The record was acknowledged. Runs on the producer's own thread, before whoever sent it is told.
    ///
    /// @param record as it was sent: what the last [#onSend] returned
    default void onAcknowledged(ProducerRecord record, Acknowledgement acknowledgement) {}

    /// The record failed; `failure` always tells its outcome. Runs on the producer's own thread, or within `send` if it
    /// was not even buffered, before whoever sent it is told.
    ///
    /// @param record as it was sent: what the last [#onSend] returned
    default void onFailed(ProducerRecord record, WeirlogException failure) {}
}
