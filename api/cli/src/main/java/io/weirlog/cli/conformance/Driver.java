package io.weirlog.cli.conformance;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/// The process of a driver: it is given one command at a time, a line of JSON, and answers each by a line. Not
/// thread-safe. Once it has broken the protocol it is killed, and every further command fails.
final class Driver implements AutoCloseable {
    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().serializeNulls().create();
    private static final int LINE_CHARACTERS_MAX = 64 << 20;
    private static final int LINES_AHEAD_MAX = 16;
    private static final int COMPLAINTS_MAX = 5;
    private static final String END = "";

    private final Process process;
    private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(LINES_AHEAD_MAX);
    private final Deque<String> complaints = new ArrayDeque<>();
    private final AtomicBoolean tooMuch = new AtomicBoolean();
    private long id;

    private Driver(Process process) {
        this.process = process;
        Thread.ofVirtual().name("driver-answers").start(this::readAnswers);
        Thread.ofVirtual().name("driver-complaints").start(this::readComplaints);
    }

    /// @param command for the shell
    static Driver start(String command) throws DriverBroken {
        try {
            return new Driver(new ProcessBuilder("sh", "-c", command).start());
        } catch (IOException e) {
            throw new DriverBroken("does not start: " + e.getMessage());
        }
    }

    /// The driver's answer: an object that may have an `error`.
    ///
    /// @throws DriverBroken if no answer comes in time, or another one than it should be; the driver is dead then
    JsonObject ask(String command, JsonObject arguments, Duration deadline) throws DriverBroken, UnsupportedByDriver {
        var request = new JsonObject();
        request.addProperty("id", ++id);
        request.addProperty("do", command);
        arguments.entrySet().forEach(entry -> request.add(entry.getKey(), entry.getValue()));
        try {
            var answer = exchange(GSON.toJson(request), command, deadline);
            if (answer.get("unsupported") instanceof JsonPrimitive why) {
                throw new UnsupportedByDriver(why.getAsString());
            }
            return answer;
        } catch (DriverBroken e) {
            close();
            throw e;
        }
    }

    private JsonObject exchange(String request, String command, Duration deadline) throws DriverBroken {
        var until = System.nanoTime() + deadline.toNanos();
        // Written apart: a driver that does not read would hold up the kit.
        var written = new CompletableFuture<Void>();
        Thread.ofVirtual().name("driver-commands").start(() -> write(request, written));
        try {
            written.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
            var line = lines.poll(until - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (line == null) {
                throw new DriverBroken("hangs: no answer to " + command + " within " + deadline.toMillis() + " ms");
            }
            if (line.equals(END)) {
                throw new DriverBroken("has ended at " + command + why());
            }
            return parse(line, command);
        } catch (TimeoutException e) {
            throw new DriverBroken("hangs: it does not read " + command + " within " + deadline.toMillis() + " ms");
        } catch (ExecutionException e) {
            throw new DriverBroken("has ended before " + command + why());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DriverBroken("the kit was interrupted");
        }
    }

    private void write(String request, CompletableFuture<Void> written) {
        try {
            var out = process.getOutputStream();
            out.write((request + "\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
            written.complete(null);
        } catch (IOException e) {
            written.completeExceptionally(e);
        }
    }

    private JsonObject parse(String line, String command) throws DriverBroken {
        try {
            var answer = JsonParser.parseString(line).getAsJsonObject();
            if (answer.get("id") instanceof JsonPrimitive its && its.isNumber() && its.getAsLong() == id) {
                return answer;
            }
            throw new DriverBroken("answers something else than " + command + " with id " + id + ": " + brief(line));
        } catch (JsonParseException | IllegalStateException e) {
            throw new DriverBroken("talks rubbish at " + command + ": " + brief(line));
        }
    }

    private static String brief(String line) {
        return Expectation.brief(new JsonPrimitive(line));
    }

    /// What it said last on standard error.
    private String why() {
        var _ = process.onExit().completeOnTimeout(process, 1, TimeUnit.SECONDS).join();
        var code = process.isAlive() ? "" : ", exit code " + process.exitValue();
        synchronized (complaints) {
            var flood = tooMuch.get() ? ": more than " + LINE_CHARACTERS_MAX + " characters in a line" : "";
            return code + flood + (complaints.isEmpty() ? "" : ": " + String.join(" / ", complaints));
        }
    }

    private void readAnswers() {
        try (var in = new BufferedReader(process.inputReader(StandardCharsets.UTF_8))) {
            for (var line = readLine(in); line.isPresent(); line = readLine(in)) {
                lines.put(line.get());
            }
            lines.put(END);
        } catch (IOException e) {
            lines.offer(END);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Empty lines are passed over. Empty: there is no more.
    private Optional<String> readLine(Reader in) throws IOException {
        var line = new StringBuilder();
        for (int next = in.read(); next >= 0; next = in.read()) {
            if (next != '\n') {
                line.append((char) next);
            } else if (!line.toString().isBlank()) {
                return Optional.of(line.toString());
            }
            if (line.length() > LINE_CHARACTERS_MAX) {
                tooMuch.set(true);
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    private void readComplaints() {
        try (var err = process.errorReader(StandardCharsets.UTF_8)) {
            for (var line = err.readLine(); line != null; line = err.readLine()) {
                synchronized (complaints) {
                    complaints.addLast(line.substring(0, Math.min(line.length(), 300)));
                    if (complaints.size() > COMPLAINTS_MAX) {
                        complaints.removeFirst();
                    }
                }
            }
        } catch (IOException e) {
            // It was killed.
        }
    }

    /// Kills it, and what it has started.
    @Override
    public void close() {
        var children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
    }
}
