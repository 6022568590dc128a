/// The command `weirlog`: one class for each command, wired by hand in [io.weirlog.cli.Main].
@NullMarked
package io.weirlog.cli;

import org.jspecify.annotations.NullMarked;
