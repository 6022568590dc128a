/// What the tests of several modules share.
@NullMarked
package io.weirlog.testing;

import org.jspecify.annotations.NullMarked;
