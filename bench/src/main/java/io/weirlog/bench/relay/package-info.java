/// What it costs to read through a broker that does not lead: see `bench/relay --help`.
@NullMarked
package io.weirlog.bench.relay;

import org.jspecify.annotations.NullMarked;
