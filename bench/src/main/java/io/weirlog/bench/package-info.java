@NullMarked
package io.weirlog.bench;

import org.jspecify.annotations.NullMarked;
