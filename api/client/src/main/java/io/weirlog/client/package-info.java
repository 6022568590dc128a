/// The Java client of Weirlog: write with a [io.weirlog.client.Producer], read with a [io.weirlog.client.Consumer],
/// manage topics with the [io.weirlog.client.Admin]; all three come from a [io.weirlog.client.WeirlogClient].
///
/// ```
/// try (var client = WeirlogClient.connect("127.0.0.1:7171"); var producer = client.producer()) {
///     producer.send("greetings", "hello").join();
/// }
/// ```
///
/// Offsets are plain `long` here and never negative: one object per record more would cost users more than it protects.
/// The record format knows null keys, values and header values, so these alone are `@Nullable`.
@NullMarked
package io.weirlog.client;

import org.jspecify.annotations.NullMarked;
