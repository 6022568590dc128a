/// What a node takes before it has done anything: time to start, and memory.
@NullMarked
package io.weirlog.bench.start;

import org.jspecify.annotations.NullMarked;
