package io.weirlog.client;

/// Told once what became of a record. Runs on the producer's own thread: it must be quick and must not block.
public interface SendCallback {
    void onAcknowledged(Acknowledgement acknowledgement);

    /// `failure` always tells its outcome: whether the record may be in the log.
    void onFailed(WeirlogException failure);
}
