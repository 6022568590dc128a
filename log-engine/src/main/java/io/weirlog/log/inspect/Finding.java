package io.weirlog.log.inspect;

import java.nio.file.Path;

/// Something in a log that is not as it must be.
///
/// @param position the byte of the file at which it begins
public record Finding(Path file, long position, String problem) {}
