package io.weirlog.client;

/// @param members how many there are
public record GroupListing(String group, GroupState state, int members, LeaderDescription coordinator) {}
