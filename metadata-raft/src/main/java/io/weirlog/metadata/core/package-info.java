/// The metadata state machine: pure functions over immutable values. Nothing in here reads a clock, a file, a
/// random number or another thread, so every voter computes the same state from the same log, and a test can
/// replay it.
@NullMarked
package io.weirlog.metadata.core;

import org.jspecify.annotations.NullMarked;
