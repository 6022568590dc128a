/// Tests of what users get: the launcher, real processes, the documentation's commands.
@NullMarked
package io.weirlog.deploy;

import org.jspecify.annotations.NullMarked;
