package io.weirlog.bench.load;

import io.weirlog.client.Acknowledgement;
import io.weirlog.client.SendCallback;
import io.weirlog.client.WeirlogException;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;

/// What became of a record: what both clients call, so that neither pays for an adapter.
abstract class Outcome implements SendCallback, Callback {
    abstract void acknowledged();

    abstract void failed(Exception failure);

    @Override
    public final void onAcknowledged(Acknowledgement acknowledgement) {
        acknowledged();
    }

    @Override
    public final void onFailed(WeirlogException failure) {
        failed(failure);
    }

    @Override
    public final void onCompletion(@Nullable RecordMetadata metadata, @Nullable Exception failure) {
        if (failure == null) {
            acknowledged();
        } else {
            failed(failure);
        }
    }
}
