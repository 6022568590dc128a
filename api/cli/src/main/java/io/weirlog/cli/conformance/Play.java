package io.weirlog.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.grpc.StatusRuntimeException;
import io.weirlog.client.WeirlogException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// One scenario with one driver.
final class Play {
    private static final int ROUNDS_AFTERWARDS = 3;
    private static final long POLL_MILLIS = 200;
    private static final int POLL_RECORDS = 100;
    private static final Duration CLUSTER_CHANGE = Duration.ofSeconds(40);

    private final Scenario scenario;
    private final Driver driver;
    private final Scene scene;
    private final Rendezvous rendezvous;
    private final Duration commandDeadline;
    private final Template template;
    private final Ledger ledger = new Ledger();

    Play(Scenario scenario, Driver driver, Scene scene, Rendezvous rendezvous, Duration commandDeadline) {
        this.scenario = scenario;
        this.driver = driver;
        this.scene = scene;
        this.rendezvous = rendezvous;
        this.commandDeadline = commandDeadline;
        this.template = new Template(scene::variable);
    }

    /// @throws DriverBroken if the driver cannot be used any more; the message says at which step
    Outcome run() throws DriverBroken, InterruptedException {
        int number = 0;
        var title = "the topic";
        try {
            scenario.topic().ifPresent(scene::create);
            for (var step : scenario.steps()) {
                number++;
                title = step.title();
                run(step);
            }
            return new Outcome.Passed();
        } catch (StepFailed e) {
            return new Outcome.Failed("step " + number + " (" + title + "): " + e.getMessage());
        } catch (UnsupportedByDriver e) {
            return new Outcome.Unsupported(title + ": " + e.getMessage());
        } catch (DriverBroken e) {
            throw new DriverBroken("step " + number + " (" + title + "): the driver " + e.getMessage());
        } catch (WeirlogException | CompletionException | IllegalStateException | StatusRuntimeException e) {
            return new Outcome.Failed("step " + number + " (" + title + "): the kit itself failed: " + e.getMessage());
        }
    }

    private void run(Step step) throws StepFailed, UnsupportedByDriver, DriverBroken, InterruptedException {
        switch (step) {
            case Step.Ask ask -> ask(ask);
            case Step.Poll poll -> poll(poll);
            case Step.Disturb disturb -> disturb(disturb);
            case Step.Meanwhile meanwhile -> meanwhile(meanwhile);
            case Step.SetFault(var fault) -> scene.faulty().set(fault);
            case Step.Write(int partition, var records) -> scene.write(partition, template.expand(records));
            case Step.DeleteBefore(long offset) -> scene.deleteBefore(offset);
            case Step.Log(var expected) -> log(template.expand(expected).getAsJsonArray());
        }
    }

    private void ask(Step.Ask ask) throws StepFailed, UnsupportedByDriver, DriverBroken, InterruptedException {
        var until = System.nanoTime() + ask.within().toNanos();
        while (true) {
            var arguments = template.expand(ask.arguments()).getAsJsonObject();
            var answer = driver.ask(ask.command(), arguments, deadline(arguments));
            keepLedger(ask.command(), arguments, answer);
            var wrong = wrong(ask, answer);
            if (wrong.isEmpty()) {
                return;
            }
            if (System.nanoTime() - until >= 0) {
                throw new StepFailed(wrong.get());
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    /// What is not as it should be in an answer.
    private Optional<String> wrong(Step.Ask ask, JsonObject answer) {
        var error = Optional.ofNullable(answer.get("error")).orElse(JsonNull.INSTANCE);
        if (ask.fails().isPresent()) {
            return error.isJsonNull()
                    ? Optional.of("succeeded, and should have failed with "
                            + Expectation.brief(ask.fails().get()))
                    : Expectation.mismatch(template.expand(ask.fails().get()), error);
        }
        if (!error.isJsonNull()) {
            return Optional.of("failed: " + Expectation.brief(error));
        }
        return ask.expect().flatMap(expected -> Expectation.mismatch(template.expand(expected), answer));
    }

    private void keepLedger(String command, JsonObject arguments, JsonObject answer) throws StepFailed {
        if (!(arguments.get("consumer") instanceof JsonPrimitive name)) {
            return;
        }
        var consumer = name.getAsString();
        switch (command) {
            case "consume_open" ->
                ledger.opened(
                        consumer, arguments.get("group") instanceof JsonPrimitive group ? group.getAsString() : "");
            case "consume_next" -> ledger.took(consumer, answer);
            case "seek" -> ledger.moved(consumer);
            case "close" -> ledger.closed(consumer);
            default -> {} // Others give nothing to consumers.
        }
    }

    private Duration deadline(JsonObject arguments) {
        long waits = 0;
        for (var name : new String[] {"wait_ms", "timeout_ms"}) {
            waits += arguments.get(name) instanceof JsonPrimitive millis ? millis.getAsLong() : 0;
        }
        return commandDeadline.plusMillis(waits);
    }

    private void poll(Step.Poll poll) throws StepFailed, UnsupportedByDriver, DriverBroken {
        int before = ledger.values().size();
        var expected = poll.expect()
                .map(values -> template.expand(values.expected()).getAsJsonArray())
                .orElse(new JsonArray());
        var order = poll.expect().map(Step.Values::order).orElse(Step.Order.EXACT);
        int wanted = poll.records().orElse(expected.size());
        var until = System.nanoTime() + poll.within().toNanos();
        while (count(order, before) < wanted || !ownsAsWanted(poll)) {
            if (System.nanoTime() - until >= 0) {
                throw new StepFailed("within " + poll.within().toMillis() + " ms came " + count(order, before)
                        + " records of " + wanted + owned(poll));
            }
            for (var consumer : poll.consumers()) {
                next(consumer, poll.commits(), order);
            }
        }
        if (poll.expect().isPresent()) {
            check(expected, valuesSince(before), order);
        }
    }

    private JsonArray valuesSince(int before) {
        var came = new JsonArray();
        ledger.values().subList(before, ledger.values().size()).forEach(came::add);
        return came;
    }

    private int count(Step.Order order, int before) {
        return order == Step.Order.REPEATS
                ? Multisets.once(valuesSince(before)).size()
                : ledger.values().size() - before;
    }

    private boolean ownsAsWanted(Step.Poll poll) {
        return poll.owned().entrySet().stream()
                .allMatch(wanted -> ledger.ownedBy(wanted.getKey()) == wanted.getValue());
    }

    private String owned(Step.Poll poll) {
        var text = new StringBuilder();
        poll.owned()
                .forEach((consumer, wanted) -> text.append("; ")
                        .append(consumer)
                        .append(" has ")
                        .append(ledger.ownedBy(consumer))
                        .append(" partitions of ")
                        .append(wanted));
        return text.toString();
    }

    private void next(String consumer, boolean commits, Step.Order order)
            throws StepFailed, UnsupportedByDriver, DriverBroken {
        var arguments = new JsonObject();
        arguments.addProperty("consumer", consumer);
        arguments.addProperty("max_records", POLL_RECORDS);
        arguments.addProperty("wait_ms", POLL_MILLIS);
        var answer = driver.ask("consume_next", arguments, deadline(arguments));
        succeeded("consume_next", answer);
        if (ledger.took(consumer, answer) > 0 && commits) {
            var commit = new JsonObject();
            commit.addProperty("consumer", consumer);
            var committed = driver.ask("commit", commit, commandDeadline);
            if (order != Step.Order.REPEATS) {
                succeeded("commit", committed); // Otherwise they may come again, and so the commit may fail.
            }
        }
    }

    private static void succeeded(String command, JsonObject answer) throws StepFailed {
        if (answer.has("error") && !answer.get("error").isJsonNull()) {
            throw new StepFailed(command + " failed: " + Expectation.brief(answer.get("error")));
        }
    }

    private static void check(JsonArray expected, JsonArray came, Step.Order order) throws StepFailed {
        Optional<String> wrong = switch (order) {
            case EXACT -> Expectation.mismatch(expected, came);
            case ANY -> Multisets.difference(expected, came);
            case REPEATS -> Multisets.difference(Multisets.once(expected), Multisets.once(came));
        };
        if (wrong.isPresent()) {
            throw new StepFailed("values: " + wrong.get());
        }
    }

    private void log(JsonArray expected) throws StepFailed {
        var records = scene.read();
        var values = !expected.isEmpty() && expected.get(0).isJsonPrimitive();
        var wrong = Expectation.mismatch(expected, values ? Records.values(records) : records);
        if (wrong.isPresent()) {
            throw new StepFailed("in the log: " + wrong.get());
        }
    }

    private void meanwhile(Step.Meanwhile meanwhile)
            throws StepFailed, UnsupportedByDriver, DriverBroken, InterruptedException {
        var over = new CompletableFuture<JsonElement>();
        Thread.ofVirtual().name("disturbance").start(() -> {
            try {
                disturb(meanwhile.disturb());
                over.complete(JsonNull.INSTANCE);
            } catch (StepFailed | InterruptedException | RuntimeException e) {
                over.completeExceptionally(e);
            }
        });
        while (!over.isDone()) {
            ask(meanwhile.repeated());
        }
        if (over.isCompletedExceptionally()) {
            throw new StepFailed(String.valueOf(over.exceptionNow().getMessage()));
        }
        for (int round = 0; round < ROUNDS_AFTERWARDS; round++) {
            ask(meanwhile.repeated());
        }
    }

    private void disturb(Step.Disturb disturb) throws StepFailed, InterruptedException {
        var cluster = scene.cluster();
        int broker = disturb.broker();
        switch (disturb.what()) {
            case KILL -> {
                rendezvous.meet(() -> cluster.kill(broker));
                await(() -> scene.isLedWithout(broker), "another broker leads the topic");
            }
            case STOP -> {
                rendezvous.meet(() -> cluster.stop(broker));
                await(() -> scene.isLedWithout(broker), "another broker leads the topic");
            }
            case START -> {
                rendezvous.meet(() -> cluster.start(broker));
                await(scene::isInSync, "all replicas are in sync again");
            }
        }
    }

    private static void await(BooleanSupplier condition, String what) throws StepFailed {
        var until = System.nanoTime() + CLUSTER_CHANGE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - until >= 0) {
                throw new StepFailed("the cluster: in vain for " + CLUSTER_CHANGE.toSeconds() + " s: " + what);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }
}
