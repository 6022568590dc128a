@NullMarked
package io.weirlog.cli;

import org.jspecify.annotations.NullMarked;
