@NullMarked
package io.weirlog.log;

import org.jspecify.annotations.NullMarked;
