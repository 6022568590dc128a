/// The conformance kit: plays scenarios, which are data, against clients in any language, each behind a driver that
/// speaks lines of JSON (api/conformance/README.md).
@NullMarked
package io.weirlog.cli.conformance;

import org.jspecify.annotations.NullMarked;
