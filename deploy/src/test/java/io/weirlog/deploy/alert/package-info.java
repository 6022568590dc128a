/// Each alert is fired by a fault: real nodes, watched by a real Prometheus, for which a minute of the rules is a
/// second.
@NullMarked
package io.weirlog.deploy.alert;

import org.jspecify.annotations.NullMarked;
