@NullMarked
package io.weirlog.server;

import org.jspecify.annotations.NullMarked;
