/// Tests of what is deployed: image, archive, service, compose file, chart, dashboards and alerts.
@NullMarked
package io.weirlog.deploy.artifact;

import org.jspecify.annotations.NullMarked;
