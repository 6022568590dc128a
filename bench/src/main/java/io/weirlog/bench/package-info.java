/// Load runs: how fast a node is, and what it costs on either side.
@NullMarked
package io.weirlog.bench;

import org.jspecify.annotations.NullMarked;
