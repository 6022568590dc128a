/// The metadata as bytes: commands in the log, answers, snapshots; and files that appear whole or not at all.
@NullMarked
package io.weirlog.metadata.codec;

import org.jspecify.annotations.NullMarked;
