/// Consumer groups: the bytes of their records, and what clients are told.
@NullMarked
package io.weirlog.server.group;

import org.jspecify.annotations.NullMarked;
