/// What Ratis looks up by name.
@NullMarked
package org.apache.ratis.metrics.impl;

import org.jspecify.annotations.NullMarked;
