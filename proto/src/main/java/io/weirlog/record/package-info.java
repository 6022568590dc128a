/// Record batches: the bytes that producers write, brokers store and consumers read, unchanged on the way.
///
/// The format is the publicly documented Kafka record batch, magic 2 (KIP-98, KIP-82). It knows null keys, values
/// and header values, so these are `@Nullable` here and nowhere else.
@NullMarked
package io.weirlog.record;

import org.jspecify.annotations.NullMarked;
