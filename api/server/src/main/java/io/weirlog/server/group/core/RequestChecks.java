package io.weirlog.server.group.core;

import io.weirlog.common.TopicPartition;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/// Looks at what clients send before anything is made of it.
final class RequestChecks {
    private final GroupConfig config;

    RequestChecks(GroupConfig config) {
        this.config = config;
    }

    /// What is wrong with the request, whatever the state of the group.
    Optional<GroupReply.Refused> problem(GroupRequest request) {
        return switch (request) { // No default: a new request must not compile until it is checked.
            case GroupRequest.Join(var group, var member, var terms) ->
                first(group(group), id("member id", member.value()), terms(terms));
            case GroupRequest.Heartbeat heartbeat ->
                first(
                        group(heartbeat.group()),
                        id("member id", heartbeat.member().value()),
                        heartbeat.terms().flatMap(this::terms));
            case GroupRequest.Leave(var group, var member, var _) ->
                first(group(group), id("member id", member.value()));
            case GroupRequest.RemoveInstance(var group, var instance) ->
                first(group(group), id("instance id", instance.value()));
            case GroupRequest.CommitOffsets(var group, var _, var offsets) -> first(group(group), commits(offsets));
            case GroupRequest.SetOffsets(var group, var offsets, var _) -> first(group(group), commits(offsets));
            case GroupRequest.DeleteOffsets(var group, var partitions, var _) ->
                first(group(group), partitions(partitions));
            case GroupRequest.FetchOffsets(var group, var _, var partitions) ->
                first(group(group), partitions.flatMap(RequestChecks::partitions));
            case GroupRequest.DescribeGroup(var group) -> group(group);
            case GroupRequest.DeleteGroup(var group, var _) -> group(group);
            case GroupRequest.ListGroups _ -> Optional.empty();
        };
    }

    /// The length of a text in UTF-8, which is how it is kept.
    static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static Optional<GroupReply.Refused> group(GroupId group) {
        return idProblem("group id", group.value()).map(problem -> refused(RefusalReason.INVALID_GROUP, problem));
    }

    private static Optional<GroupReply.Refused> id(String what, String id) {
        return idProblem(what, id).map(RequestChecks::invalid);
    }

    private static Optional<String> idProblem(String what, String id) {
        if (id.isEmpty()) {
            return Optional.of("the " + what + " must not be empty");
        }
        if (id.length() > GroupConfig.ID_CHARS_MAX) {
            return Optional.of("a %s has at most %d characters, this one has %d"
                    .formatted(what, GroupConfig.ID_CHARS_MAX, id.length()));
        }
        if (!id.codePoints().allMatch(RequestChecks::isPrintable) || !id.strip().equals(id)) {
            return Optional.of(
                    "a %s must not contain control characters, nor begin or end with a space".formatted(what));
        }
        return Optional.empty();
    }

    private static boolean isPrintable(int character) {
        return !Character.isISOControl(character)
                && Character.isDefined(character)
                && Character.getType(character) != Character.SURROGATE
                && Character.getType(character) != Character.FORMAT;
    }

    private Optional<GroupReply.Refused> terms(MemberTerms terms) {
        return first(
                terms.instance().flatMap(instance -> id("instance id", instance.value())),
                label("client id", terms.clientId()),
                label("rack", terms.rack()),
                subscription(terms.subscription()),
                range("session timeout", terms.sessionMillis(), config.sessionMillisMin(), config.sessionMillisMax()),
                range("rebalance timeout", terms.rebalanceMillis(), 1, config.rebalanceMillisMax()));
    }

    private static Optional<GroupReply.Refused> label(String what, String text) {
        return text.isEmpty() ? Optional.empty() : id(what, text);
    }

    private static Optional<GroupReply.Refused> range(String what, int millis, int min, int max) {
        return millis >= min && millis <= max
                ? Optional.empty()
                : Optional.of(invalid("the %s must be from %d to %d ms, not %d".formatted(what, min, max, millis)));
    }

    private static Optional<GroupReply.Refused> subscription(Subscription subscription) {
        var topics = subscription.topics();
        if (topics.isEmpty() && subscription.pattern().isEmpty()) {
            return Optional.of(refused(
                    RefusalReason.INVALID_SUBSCRIPTION,
                    "a member subscribes to topics, to a topic pattern, or to both"));
        }
        if (topics.size() > GroupConfig.TOPICS_PER_SUBSCRIPTION_MAX) {
            return Optional.of(refused(
                    RefusalReason.INVALID_SUBSCRIPTION,
                    "a subscription names at most %d topics, this one %d: use a topic pattern"
                            .formatted(GroupConfig.TOPICS_PER_SUBSCRIPTION_MAX, topics.size())));
        }
        return topics.stream()
                .flatMap(topic -> idProblem("topic name", topic).stream())
                .findFirst()
                .or(() -> subscription
                        .pattern()
                        .flatMap(pattern -> TopicPattern.problem(pattern, GroupConfig.PATTERN_CHARS_MAX)))
                .map(problem -> refused(RefusalReason.INVALID_SUBSCRIPTION, problem));
    }

    private static Optional<GroupReply.Refused> commits(List<GroupRequest.OffsetCommit> offsets) {
        return partitions(
                offsets.stream().map(GroupRequest.OffsetCommit::partition).toList());
    }

    private static Optional<GroupReply.Refused> partitions(List<TopicPartition> partitions) {
        if (partitions.isEmpty() || partitions.size() > GroupConfig.OFFSETS_PER_REQUEST_MAX) {
            return Optional.of(invalid("a request is about 1 to %d partitions, not %d"
                    .formatted(GroupConfig.OFFSETS_PER_REQUEST_MAX, partitions.size())));
        }
        return new HashSet<>(partitions).size() == partitions.size()
                ? Optional.empty()
                : Optional.of(invalid("a partition is in the request twice"));
    }

    static GroupReply.Refused invalid(String message) {
        return refused(RefusalReason.INVALID_REQUEST, message);
    }

    static GroupReply.Refused refused(RefusalReason reason, String message) {
        return new GroupReply.Refused(reason, message);
    }

    static GroupReply.Refused limit(String what, int max) {
        return refused(
                RefusalReason.LIMIT_REACHED, "there are no more than %d %s: remove some first".formatted(max, what));
    }

    @SafeVarargs
    private static Optional<GroupReply.Refused> first(Optional<GroupReply.Refused>... problems) {
        for (var problem : problems) {
            if (problem.isPresent()) {
                return problem;
            }
        }
        return Optional.empty();
    }
}
