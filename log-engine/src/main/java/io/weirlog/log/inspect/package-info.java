/// Looks into logs that nobody has open: what is in their files, and whether it is right. Only ever reads.
@NullMarked
package io.weirlog.log.inspect;

import org.jspecify.annotations.NullMarked;
