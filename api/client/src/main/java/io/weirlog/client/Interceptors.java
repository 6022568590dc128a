package io.weirlog.client;

import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A producer's interceptors, in their order. One that fails is passed over.
final class Interceptors {
    private static final Logger LOG = LoggerFactory.getLogger(Interceptors.class);

    private final List<ProducerInterceptor> all;

    Interceptors(List<ProducerInterceptor> all) {
        this.all = all;
    }

    /// The record as it is to be sent.
    ProducerRecord onSend(ProducerRecord record) {
        var sent = record;
        for (var interceptor : all) {
            try {
                sent = Objects.requireNonNull(interceptor.onSend(sent), "it returned no record");
            } catch (RuntimeException e) {
                LOG.error("a record of topic {} is sent without an interceptor that failed", sent.topic(), e);
            }
        }
        return sent;
    }

    /// The callback for a record as it is sent, which is told after all interceptors. Without interceptors nothing is
    /// made for the record.
    SendCallback before(SendCallback callback, ProducerRecord record) {
        return all.isEmpty() ? callback : new Told(record, callback);
    }

    void failed(ProducerRecord record, WeirlogException failure) {
        tell(record, interceptor -> interceptor.onFailed(record, failure));
    }

    private void tell(ProducerRecord record, Consumer<ProducerInterceptor> what) {
        for (var interceptor : all) {
            try {
                what.accept(interceptor);
            } catch (RuntimeException e) {
                LOG.error("an interceptor for a record of topic {} failed", record.topic(), e);
            }
        }
    }

    private final class Told implements SendCallback {
        private final ProducerRecord record;
        private final SendCallback callback;

        Told(ProducerRecord record, SendCallback callback) {
            this.record = record;
            this.callback = callback;
        }

        @Override
        public void onAcknowledged(Acknowledgement acknowledgement) {
            tell(record, interceptor -> interceptor.onAcknowledged(record, acknowledgement));
            callback.onAcknowledged(acknowledgement);
        }

        @Override
        public void onFailed(WeirlogException failure) {
            failed(record, failure);
            callback.onFailed(failure);
        }
    }
}
