package io.weirlog.server.group;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicPartition;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.group.core.GroupReply;
import io.weirlog.server.group.core.GroupRequest;
import io.weirlog.server.relay.Relay;
import io.weirlog.server.relay.RelayException;
import io.weirlog.server.relay.RelayedRpc;
import io.weirlog.v1.GroupSummary;
import io.weirlog.v1.GroupsServiceGrpc;
import io.weirlog.v1.Leader;
import io.weirlog.v1.ListGroupsRequest;
import io.weirlog.v1.ListGroupsResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Lists the groups of all coordinators. A page token is the id of the last group of the page before.
final class GroupListing {
    private static final int PAGE_SIZE_DEFAULT = 500;
    private static final int PAGE_SIZE_MAX = 5_000;
    private static final long WAIT_MILLIS_MAX = 5_000;

    private final TopicLookup topics;
    private final GroupCoordinators coordinators;
    private final Relay relay;

    GroupListing(TopicLookup topics, GroupCoordinators coordinators, Relay relay) {
        this.topics = topics;
        this.coordinators = coordinators;
        this.relay = relay;
    }

    /// One page of the whole cluster's groups. A coordinator that cannot be asked is a problem in the answer.
    CompletableFuture<ListGroupsResponse> everywhere(ListGroupsRequest request) {
        if (request.getPageSize() < 0 || request.getPageSize() > PAGE_SIZE_MAX) {
            return CompletableFuture.failedFuture(new RelayException(
                    ServerProblems.invalidRequest("`page_size` must be between 0 and " + PAGE_SIZE_MAX)));
        }
        var brokers = new TreeSet<BrokerId>();
        OffsetsTopic.in(topics.image())
                .ifPresent(topic -> topic.partitions()
                        .forEach(partition -> partition.leader().ifPresent(brokers::add)));
        List<CompletableFuture<ListGroupsResponse>> asked = new ArrayList<>();
        for (var broker : brokers) {
            asked.add(
                    broker.equals(topics.self())
                            ? here(request)
                            : relay.ask(
                                            RelayedRpc.GROUPS,
                                            broker,
                                            GroupsServiceGrpc.getListGroupsMethod(),
                                            request,
                                            WAIT_MILLIS_MAX)
                                    .exceptionally(failure -> ListGroupsResponse.newBuilder()
                                            .addProblems(Relay.problem(broker, failure))
                                            .build()));
        }
        return CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new))
                .thenApply(_ -> page(
                        request, asked.stream().map(CompletableFuture::join).toList()));
    }

    /// One page of this broker's own.
    CompletableFuture<ListGroupsResponse> here(ListGroupsRequest request) {
        List<CompletableFuture<ListGroupsResponse>> asked = new ArrayList<>();
        OffsetsTopic.in(topics.image()).ifPresent(topic -> {
            for (var partition : topic.partitions()) {
                var leader = topics.leader(partition).filter(topics::isSelf);
                leader.ifPresent(
                        self -> asked.add(ask(new TopicPartition(topic.id(), partition.partition()), self, request)));
            }
        });
        return CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new))
                .thenApply(_ -> page(
                        request, asked.stream().map(CompletableFuture::join).toList()));
    }

    private CompletableFuture<ListGroupsResponse> ask(
            TopicPartition partition, Leader self, ListGroupsRequest request) {
        return coordinators
                .ask(partition, new GroupRequest.ListGroups(request.getPageToken(), PAGE_SIZE_MAX))
                .orElseGet(() -> CompletableFuture.completedFuture(Optional.empty()))
                .completeOnTimeout(Optional.empty(), WAIT_MILLIS_MAX, TimeUnit.MILLISECONDS)
                .thenApply(reply -> {
                    var answer = ListGroupsResponse.newBuilder();
                    switch (reply.orElseGet(GroupRefusals::loading)) {
                        case GroupReply.Listed(var groups) -> {
                            groups.forEach(group -> answer.addGroups(GroupResponses.summary(group, self)));
                            if (groups.size() == PAGE_SIZE_MAX) {
                                answer.setNextPageToken(groups.getLast().group().value());
                            }
                        }
                        case GroupReply.Refused refused -> answer.addProblems(GroupProblems.problem(refused, ""));
                        case GroupReply.Membership _,
                                GroupReply.Done _,
                                GroupReply.PartitionResults _,
                                GroupReply.Offsets _,
                                GroupReply.Described _ -> throw new IllegalStateException("an answer to a listing");
                    }
                    return answer.build();
                });
    }

    /// Merges what was listed in parts. Of a part that ends early nothing is known beyond its token, so the page ends
    /// there, too: it may be short, or empty where only some states are asked for, and has a token all the same.
    static ListGroupsResponse page(ListGroupsRequest request, List<ListGroupsResponse> parts) {
        var size = request.getPageSize() == 0 ? PAGE_SIZE_DEFAULT : request.getPageSize();
        var end = parts.stream()
                .map(ListGroupsResponse::getNextPageToken)
                .filter(token -> !token.isEmpty())
                .min(Comparator.naturalOrder());
        var groups = parts.stream()
                .flatMap(part -> part.getGroupsList().stream())
                .filter(group ->
                        request.getStatesCount() == 0 || request.getStatesList().contains(group.getState()))
                .filter(group -> end.isEmpty() || group.getGroupId().compareTo(end.get()) <= 0)
                .sorted(Comparator.comparing(GroupSummary::getGroupId))
                .toList();
        var answer = ListGroupsResponse.newBuilder();
        groups.stream().limit(size).forEach(answer::addGroups);
        if (groups.size() > size) {
            answer.setNextPageToken(answer.getGroups(size - 1).getGroupId());
        } else {
            end.ifPresent(answer::setNextPageToken);
        }
        parts.forEach(part -> answer.addAllProblems(part.getProblemsList()));
        return answer.build();
    }
}
