@NullMarked
package io.weirlog.replication;

import org.jspecify.annotations.NullMarked;
