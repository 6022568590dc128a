package io.weirlog.client;

import io.weirlog.common.TopicId;

/// A topic in a list.
public record TopicListing(String name, TopicId id, int partitions, int replicationFactor) {}
