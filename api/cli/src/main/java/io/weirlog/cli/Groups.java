package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.weirlog.client.GroupDescription;
import io.weirlog.client.GroupState;
import io.weirlog.client.PartitionRef;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/// Groups as people and programs read them.
final class Groups {
    private Groups() {}

    static String state(GroupState state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    static String text(GroupDescription group) {
        var lines = new StringBuilder("group " + group.group() + ": " + state(group.state()));
        lines.append(group.reason().isEmpty() ? "" : ", " + ErrorLines.oneLine(group.reason()));
        lines.append(System.lineSeparator())
                .append("coordinator: broker ")
                .append(group.coordinator().broker());
        if (!group.members().isEmpty()) {
            lines.append(System.lineSeparator().repeat(2)).append(members(group.members()));
        }
        if (!group.partitions().isEmpty()) {
            lines.append(System.lineSeparator().repeat(2)).append(partitions(group.partitions()));
        }
        return lines.toString();
    }

    private static TextTable members(List<GroupDescription.Member> members) {
        var table = new TextTable("MEMBER", "INSTANCE", "CLIENT", "EPOCH", "PARTITIONS", "LETTING GO");
        members.forEach(member -> table.row(
                member.member(),
                member.instance().orElse("-"),
                member.clientId().isEmpty() ? "-" : member.clientId(),
                member.epoch(),
                names(member.assigned()),
                names(member.revoking())));
        return table;
    }

    private static TextTable partitions(List<GroupDescription.Partition> partitions) {
        var table = new TextTable("PARTITION", "COMMITTED", "HIGH WATERMARK", "LAG", "BEHIND FOR", "MEMBER");
        partitions.forEach(one -> table.row(
                one.partition(),
                number(one.committed()),
                number(one.highWatermark()),
                number(one.lagRecords()),
                one.lagAge().map(Groups::age).orElse("-"),
                one.member().orElse("-")));
        return table;
    }

    /// In whole seconds, or milliseconds where that would be none.
    private static String age(Duration age) {
        return age.isZero() || age.toSeconds() > 0 ? age.toSeconds() + "s" : age.toMillis() + "ms";
    }

    static String number(OptionalLong value) {
        return value.isPresent() ? Long.toString(value.getAsLong()) : "-";
    }

    private static String names(List<PartitionRef> partitions) {
        return partitions.isEmpty()
                ? "-"
                : partitions.stream().map(PartitionRef::toString).collect(Collectors.joining(","));
    }

    static JsonObject json(GroupDescription group) {
        var json = new JsonObject();
        json.addProperty("group", group.group());
        json.addProperty("state", state(group.state()));
        json.addProperty("reason", group.reason());
        json.addProperty("coordinator", group.coordinator().broker().value());
        var members = new JsonArray();
        group.members().forEach(member -> members.add(json(member)));
        json.add("members", members);
        var partitions = new JsonArray();
        group.partitions().forEach(partition -> partitions.add(json(partition)));
        json.add("partitions", partitions);
        return json;
    }

    private static JsonObject json(GroupDescription.Member member) {
        var json = new JsonObject();
        json.addProperty("member", member.member());
        json.addProperty("instance", member.instance().orElse(""));
        json.addProperty("client_id", member.clientId());
        json.addProperty("epoch", member.epoch());
        json.add("assigned", json(member.assigned()));
        json.add("revoking", json(member.revoking()));
        return json;
    }

    private static JsonArray json(List<PartitionRef> partitions) {
        var array = new JsonArray();
        partitions.forEach(partition -> array.add(json(partition)));
        return array;
    }

    private static JsonObject json(GroupDescription.Partition partition) {
        var json = json(partition.partition());
        addNumber(json, "committed", partition.committed());
        addNumber(json, "high_watermark", partition.highWatermark());
        addNumber(json, "lag_records", partition.lagRecords());
        addNumber(
                json,
                "lag_age_ms",
                partition.lagAge().map(age -> OptionalLong.of(age.toMillis())).orElseGet(OptionalLong::empty));
        json.addProperty("member", partition.member().orElse(""));
        return json;
    }

    static JsonObject json(PartitionRef partition) {
        var json = new JsonObject();
        json.addProperty("topic", partition.topic());
        json.addProperty("partition", partition.partition());
        return json;
    }

    /// Null where there is none.
    static void addNumber(JsonObject json, String name, OptionalLong value) {
        json.add(name, value.isPresent() ? new JsonPrimitive(value.getAsLong()) : JsonNull.INSTANCE);
    }
}
