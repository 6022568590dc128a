package io.weirlog.deploy.cluster;

import io.weirlog.deploy.Run;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Hosts on one machine: network namespaces on a bridge, made for a test and gone with it. The test's own process is on
/// the bridge too. Host N has the address `10.77.<net>.<10 + N>`.
final class Namespaces implements AutoCloseable {
    private static final AtomicInteger MADE = new AtomicInteger();

    private final int net;
    private final int hosts;
    private final String bridge;

    private Namespaces(int net, int hosts) {
        this.net = net;
        this.hosts = hosts;
        this.bridge = "wlb" + net;
    }

    /// Whether this process may make namespaces and bridges.
    static boolean available() {
        var probe = "wlp" + ProcessHandle.current().pid() % 10_000 + "-" + MADE.getAndIncrement();
        try {
            if (code("ip", "link", "add", probe, "type", "bridge") != 0) {
                return false;
            }
            var works = code("ip", "netns", "add", probe) == 0;
            code("ip", "netns", "del", probe);
            return code("ip", "link", "del", probe) == 0 && works;
        } catch (IOException e) {
            return false;
        }
    }

    static Namespaces create(int hosts) {
        var namespaces = new Namespaces((int) ((ProcessHandle.current().pid() + MADE.getAndIncrement()) % 250), hosts);
        namespaces.close();
        namespaces.build();
        return namespaces;
    }

    private void build() {
        ip("link", "add", bridge, "type", "bridge");
        ip("addr", "add", "10.77." + net + ".1/24", "dev", bridge);
        ip("link", "set", bridge, "up");
        for (var host = 1; host <= hosts; host++) {
            var inside = "wli" + net + "-" + host;
            ip("netns", "add", name(host));
            ip("link", "add", outside(host), "type", "veth", "peer", "name", inside);
            ip("link", "set", inside, "netns", name(host));
            ip("link", "set", outside(host), "master", bridge);
            ip("link", "set", outside(host), "up");
            in(host, "ip", "addr", "add", address(host) + "/24", "dev", inside);
            in(host, "ip", "link", "set", inside, "up");
            in(host, "ip", "link", "set", "lo", "up");
        }
    }

    String address(int host) {
        return "10.77." + net + "." + (10 + host);
    }

    private String name(int host) {
        return "wln" + net + "-" + host;
    }

    private String outside(int host) {
        return "wlo" + net + "-" + host;
    }

    /// What runs a command on a host, to be put before it.
    List<String> prefix(int host) {
        return List.of("ip", "netns", "exec", name(host));
    }

    /// The host's cable is pulled: nobody reaches it, and it reaches nobody.
    void unplug(int host) {
        ip("link", "set", outside(host), "down");
    }

    void plug(int host) {
        ip("link", "set", outside(host), "up");
    }

    /// What `from` sends to `to` gets lost without a sign. The other direction works.
    void cut(int from, int to) {
        in(
                from,
                "ip",
                "neigh",
                "replace",
                address(to),
                "lladdr",
                "02:00:00:00:00:01",
                "nud",
                "permanent",
                "dev",
                "wli" + net + "-" + from);
    }

    void heal(int from, int to) {
        in(from, "ip", "neigh", "del", address(to), "dev", "wli" + net + "-" + from);
    }

    private void in(int host, String... command) {
        var whole = new ArrayList<>(prefix(host));
        whole.addAll(List.of(command));
        run(whole);
    }

    private static void ip(String... arguments) {
        var command = new ArrayList<String>();
        command.add("ip");
        command.addAll(List.of(arguments));
        run(command);
    }

    private static void run(List<String> command) {
        try (var run = Run.of(new ProcessBuilder(command))) {
            run.success();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static int code(String... command) throws IOException {
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            return process.waitFor(10, TimeUnit.SECONDS) ? process.exitValue() : -1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return -1;
        }
    }

    /// Removes everything of these names, also what a killed test has left.
    @Override
    public void close() {
        try {
            for (var host = 1; host <= hosts; host++) {
                code("ip", "link", "del", outside(host));
                code("ip", "netns", "del", name(host));
            }
            code("ip", "link", "del", bridge);
        } catch (IOException e) {
            throw new IllegalStateException("the namespaces of the test could not be removed", e);
        }
    }
}
