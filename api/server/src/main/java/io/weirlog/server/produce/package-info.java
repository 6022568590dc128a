/// Appends: from the contract's messages to validated batches in a partition's hands, and the results back.
@NullMarked
package io.weirlog.server.produce;

import org.jspecify.annotations.NullMarked;
