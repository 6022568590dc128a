/// Groups of consumers that lose members, beside Kafka's: see `bench/groups --help`.
@NullMarked
package io.weirlog.bench.groups;

import org.jspecify.annotations.NullMarked;
