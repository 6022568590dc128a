/// TLS on a node's ports and on its connections to others.
@NullMarked
package io.weirlog.server.tls;

import org.jspecify.annotations.NullMarked;
