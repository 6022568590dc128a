/// How a node is configured: one table of keys ([ConfigKeys]), read from flags, the environment and one YAML file, in
/// this order of precedence, and checked as a whole.
@NullMarked
package io.weirlog.server.config;

import org.jspecify.annotations.NullMarked;
