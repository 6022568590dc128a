/// Clusters of real processes on this machine, to be measured.
@NullMarked
package io.weirlog.bench.cluster;

import org.jspecify.annotations.NullMarked;
