/// Clusters under load, beside Kafka: see `bench/load --help`.
@NullMarked
package io.weirlog.bench.load;

import org.jspecify.annotations.NullMarked;
