/// Certificates and keys in PEM files, read again when they change: what clients and nodes have in common of TLS.
@NullMarked
package io.weirlog.tls;

import org.jspecify.annotations.NullMarked;
