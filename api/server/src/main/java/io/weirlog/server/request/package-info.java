/// How the requests of clients fare: what is measured of them, and which are told of because they were slow.
@NullMarked
package io.weirlog.server.request;

import org.jspecify.annotations.NullMarked;
