@NullMarked
package io.weirlog.client;

import org.jspecify.annotations.NullMarked;
