package io.weirlog.client;

/// Who a producer is to the brokers: they take each record of it once.
record ProducerIdentity(long producerId, short epoch) {}
