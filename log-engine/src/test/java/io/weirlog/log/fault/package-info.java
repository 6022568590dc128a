/// A disk in memory that fails as real ones do, for tests of everything that must survive it.
@NullMarked
package io.weirlog.log.fault;

import org.jspecify.annotations.NullMarked;
