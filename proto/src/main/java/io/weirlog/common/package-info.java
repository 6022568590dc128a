@NullMarked
package io.weirlog.common;

import org.jspecify.annotations.NullMarked;
