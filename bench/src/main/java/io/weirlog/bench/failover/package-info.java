/// How soon the metadata have an active controller again: see `bench/failover --help`.
@NullMarked
package io.weirlog.bench.failover;

import org.jspecify.annotations.NullMarked;
