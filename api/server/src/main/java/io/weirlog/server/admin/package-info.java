/// Topics and the cluster: requests that read or change the metadata.
@NullMarked
package io.weirlog.server.admin;

import org.jspecify.annotations.NullMarked;
