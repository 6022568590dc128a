/// Consumer groups: a pure state machine over the records of one partition of `__offsets`. Nothing in here reads a
/// clock, a file, a random number or another thread: time, random ids and topics come in with the events, so the same
/// code runs behind a broker, in a replay and, thousands of times faster, in a simulation.
@NullMarked
package io.weirlog.server.group.core;

import org.jspecify.annotations.NullMarked;
