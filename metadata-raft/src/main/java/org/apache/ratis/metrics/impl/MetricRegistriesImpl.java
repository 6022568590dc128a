package org.apache.ratis.metrics.impl;

import io.weirlog.metadata.ratis.RatisMeters;

/// The class that Ratis loads by this name for its metrics: ours, in the place of the one that brings JMX and a
/// second metrics library.
public final class MetricRegistriesImpl extends RatisMeters {}
