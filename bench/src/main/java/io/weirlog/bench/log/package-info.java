/// The log engine measured beside Kafka's own log classes: same bytes, same directory, same run.
@NullMarked
package io.weirlog.bench.log;

import org.jspecify.annotations.NullMarked;
