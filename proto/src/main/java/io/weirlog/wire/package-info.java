/// How messages with record batches cross gRPC without passing through protobuf objects, and how errors are told.
@NullMarked
package io.weirlog.wire;

import org.jspecify.annotations.NullMarked;
