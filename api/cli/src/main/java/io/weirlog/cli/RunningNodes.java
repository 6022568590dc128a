package io.weirlog.cli;

import io.weirlog.server.Node;
import io.weirlog.server.NodeStartException;
import io.weirlog.server.config.NodeConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

/// The nodes of this process. They start together and stop together: several voters need each other for both.
final class RunningNodes implements AutoCloseable {
    private final List<Node> nodes;

    private RunningNodes(List<Node> nodes) {
        this.nodes = nodes;
    }

    /// Returns when all serve.
    static RunningNodes start(List<NodeConfig> configs) throws NodeStartException {
        var running = new RunningNodes(new ArrayList<>());
        if (configs.size() == 1) {
            running.nodes.add(Node.start(configs.getFirst()));
            return running;
        }
        // Ends with the process if a node cannot start: the others would wait for it.
        ExecutorService starters = Executors.newCachedThreadPool(
                Thread.ofPlatform().daemon().name("weirlog-start-", 0).factory());
        List<Future<Node>> starting = new ArrayList<>();
        var firstFailure = new CompletableFuture<Throwable>();
        for (var config : configs) {
            starting.add(starters.submit(() -> {
                try {
                    return Node.start(config);
                } catch (NodeStartException | RuntimeException e) {
                    firstFailure.complete(e);
                    throw e;
                }
            }));
        }
        var all = CompletableFuture.runAsync(() -> starting.forEach(RunningNodes::await), starters);
        CompletableFuture.anyOf(all, firstFailure).join();
        starters.shutdown();
        if (firstFailure.isDone()) {
            throw failure(firstFailure.join());
        }
        starting.forEach(node -> running.nodes.add(node.resultNow()));
        return running;
    }

    private static void await(Future<Node> node) {
        try {
            node.get();
        } catch (ExecutionException e) {
            // The first failure says it.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static NodeStartException failure(Throwable cause) {
        return cause instanceof NodeStartException known
                ? known
                : new NodeStartException("a node did not start: " + cause, cause);
    }

    /// Where clients reach them: `host:port,host:port`.
    String addresses() {
        return nodes.stream().map(Node::clientAddress).collect(Collectors.joining(","));
    }

    /// Completes with the cause if one of them cannot go on.
    CompletableFuture<Throwable> failure() {
        var failure = new CompletableFuture<Throwable>();
        for (var node : nodes) {
            var _ = node.failure().thenAccept(failure::complete);
        }
        return failure;
    }

    @Override
    public void close() {
        CompletableFuture.allOf(nodes.stream()
                        .map(node -> CompletableFuture.runAsync(
                                node::close,
                                task -> Thread.ofPlatform().name("weirlog-stop").start(task)))
                        .toArray(CompletableFuture<?>[]::new))
                .join();
    }
}
