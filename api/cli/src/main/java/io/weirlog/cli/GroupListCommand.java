package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.client.GroupListing;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

@Command(
        name = "list",
        description = {
            "List all groups.",
            "Ends with 1 if some coordinators could not be asked: their groups are missing."
        })
final class GroupListCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    GroupListCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        try (var client = bootstrap.client()) {
            var list = client.groups().list();
            output.print(streams.out(), () -> table(list.groups()), () -> json(list.groups()));
            list.missing()
                    .forEach(why -> streams.err()
                            .println("weirlog: groups may be missing: "
                                    + ErrorLines.oneLine(String.valueOf(why.getMessage()))));
            return list.missing().isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    private static String table(List<GroupListing> groups) {
        var table = new TextTable("GROUP", "STATE", "MEMBERS", "COORDINATOR");
        groups.forEach(group -> table.row(
                group.group(),
                Groups.state(group.state()),
                group.members(),
                group.coordinator().broker()));
        return table.toString();
    }

    private static JsonArray json(List<GroupListing> groups) {
        var array = new JsonArray();
        groups.forEach(group -> {
            var json = new JsonObject();
            json.addProperty("group", group.group());
            json.addProperty("state", Groups.state(group.state()));
            json.addProperty("members", group.members());
            json.addProperty("coordinator", group.coordinator().broker().value());
            array.add(json);
        });
        return array;
    }
}
