/// Clusters of real processes that are hurt while clients work.
@NullMarked
package io.weirlog.deploy.cluster;

import org.jspecify.annotations.NullMarked;
