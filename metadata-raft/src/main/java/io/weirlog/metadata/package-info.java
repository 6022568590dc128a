@NullMarked
package io.weirlog.metadata;

import org.jspecify.annotations.NullMarked;
