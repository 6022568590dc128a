package io.weirlog.cli.conformance;

import com.google.gson.JsonObject;
import io.weirlog.client.WeirlogClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/// Plays scenarios with drivers: all drivers at once, each through the scenarios in their order. Those that stop nodes
/// come last, each played by all drivers together.
public final class Kit {
    /// A driver that hangs or dies this often is given up.
    private static final int BREAKS_MAX = 3;

    private final ClusterUnderTest cluster;
    private final Duration commandDeadline;

    public Kit(ClusterUnderTest cluster, Duration commandDeadline) {
        this.cluster = cluster;
        this.commandDeadline = commandDeadline;
    }

    /// Told of every outcome as soon as it is known, by the threads of the drivers.
    @FunctionalInterface
    public interface Watcher {
        void played(String driver, Scenario scenario, Outcome outcome, Duration took);
    }

    /// The outcomes by driver and scenario.
    public Map<String, Map<String, Outcome>> run(
            List<DriverCommand> commands, List<Scenario> scenarios, Watcher watcher) throws InterruptedException {
        List<Seat> seats = new ArrayList<>();
        try (var client = WeirlogClient.builder()
                        .bootstrap(cluster.addresses())
                        .requestTimeout(Duration.ofSeconds(10))
                        .build();
                var brokers = new BrokerCalls(cluster.addresses());
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            commands.forEach(command -> seats.add(new Seat(command, client, brokers, watcher)));
            var alone = scenarios.stream().filter(one -> !one.disturbs()).toList();
            together(threads, seats, seat -> alone.forEach(scenario -> seat.play(scenario, new Rendezvous(1))));
            for (var scenario : scenarios) {
                if (scenario.disturbs()) {
                    var rendezvous = new Rendezvous(seats.size());
                    together(threads, seats, seat -> seat.play(scenario, rendezvous));
                    cluster.restore();
                }
            }
        } finally {
            seats.forEach(Seat::close);
        }
        Map<String, Map<String, Outcome>> outcomes = new LinkedHashMap<>();
        seats.forEach(seat -> outcomes.put(seat.command.name(), seat.outcomes));
        return outcomes;
    }

    private static void together(ExecutorService threads, List<Seat> seats, Consumer<Seat> task)
            throws InterruptedException {
        List<Future<?>> running = new ArrayList<>();
        seats.forEach(seat -> running.add(threads.submit(() -> task.accept(seat))));
        for (var one : running) {
            try {
                one.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException("the kit failed", e.getCause());
            }
        }
    }

    /// A driver, started anew when it has broken. One thread at a time.
    private final class Seat {
        private final DriverCommand command;
        private final WeirlogClient client;
        private final BrokerCalls brokers;
        private final Watcher watcher;
        private final Map<String, Outcome> outcomes = new LinkedHashMap<>();
        private final List<Driver> running = new ArrayList<>();
        private int breaks;
        private String lastBreak = "";

        Seat(DriverCommand command, WeirlogClient client, BrokerCalls brokers, Watcher watcher) {
            this.command = command;
            this.client = client;
            this.brokers = brokers;
            this.watcher = watcher;
        }

        void play(Scenario scenario, Rendezvous rendezvous) {
            var started = System.nanoTime();
            Outcome outcome;
            try {
                outcome = outcome(scenario, rendezvous);
            } catch (DriverBroken e) {
                close();
                breaks++;
                lastBreak = String.valueOf(e.getMessage());
                outcome = new Outcome.Failed(lastBreak);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                outcome = new Outcome.Skipped("the kit was interrupted");
            } finally {
                rendezvous.leave();
            }
            outcomes.put(scenario.name(), outcome);
            watcher.played(command.name(), scenario, outcome, Duration.ofNanos(System.nanoTime() - started));
        }

        private Outcome outcome(Scenario scenario, Rendezvous rendezvous) throws DriverBroken, InterruptedException {
            if (scenario.disturbs() && !cluster.canBeDisturbed()) {
                return new Outcome.Skipped("the nodes of this cluster cannot be stopped by the kit");
            }
            if (breaks >= BREAKS_MAX) {
                return new Outcome.Failed("given up: " + lastBreak);
            }
            var driver = driver();
            var topic = scenario.name() + "." + command.name();
            try (var scene = new Scene(cluster, client, brokers, topic)) {
                var outcome = new Play(scenario, driver, scene, rendezvous, commandDeadline).run();
                var _ = driver.ask("reset", new JsonObject(), commandDeadline);
                return outcome;
            } catch (UnsupportedByDriver e) {
                throw new DriverBroken("does not know reset, which every driver must");
            }
        }

        private Driver driver() throws DriverBroken {
            if (running.isEmpty()) {
                var driver = Driver.start(command.command());
                running.add(driver);
                try {
                    var _ = driver.ask("reset", new JsonObject(), commandDeadline);
                } catch (UnsupportedByDriver e) {
                    breaks = BREAKS_MAX;
                    throw new DriverBroken("does not know reset, which every driver must");
                } catch (DriverBroken e) {
                    breaks = BREAKS_MAX; // It would be the same with every scenario.
                    throw new DriverBroken("the driver " + e.getMessage());
                }
            }
            return running.getFirst();
        }

        void close() {
            running.forEach(Driver::close);
            running.clear();
        }
    }
}
