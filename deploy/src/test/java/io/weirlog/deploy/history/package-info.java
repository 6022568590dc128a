/// What clients saw of a cluster while it was being hurt, and whether a log may look like that.
@NullMarked
package io.weirlog.deploy.history;

import org.jspecify.annotations.NullMarked;
