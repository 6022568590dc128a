/// What the active controller decides beside the metadata machine: which brokers live, and what followers of the
/// metadata are sent. Pure: events and times in, effects out.
@NullMarked
package io.weirlog.metadata.controller;

import org.jspecify.annotations.NullMarked;
