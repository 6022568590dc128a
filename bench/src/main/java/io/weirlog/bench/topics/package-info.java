/// How soon many partitions are of use, beside Kafka: see `bench/topics --help`.
@NullMarked
package io.weirlog.bench.topics;

import org.jspecify.annotations.NullMarked;
