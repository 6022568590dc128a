/// The Raft implementation, Apache Ratis, behind [io.weirlog.metadata.ratis.RatisNode]: the only package that
/// knows it.
///
/// For the logging configuration: everything of Ratis, its shaded gRPC and Netty included, logs below
/// `org.apache.ratis`. At INFO it prints every setting and every election step, so run it at WARN. Our own side
/// logs as `io.weirlog.metadata`.
@NullMarked
package io.weirlog.metadata.ratis;

import org.jspecify.annotations.NullMarked;
