package io.weirlog.cli.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What happens next in a scenario. Where there is JSON, it still has its variables; see [Template].
sealed interface Step {
    /// For people who read in a table what failed.
    String title();

    /// The driver is given a command.
    ///
    /// @param expect what its answer must contain
    /// @param fails what its error must contain; absent: it must succeed
    /// @param within for how long the command is given again until its answer is as it should be
    record Ask(
            String command,
            JsonObject arguments,
            Optional<JsonElement> expect,
            Optional<JsonElement> fails,
            Duration within)
            implements Step {
        @Override
        public String title() {
            return command;
        }
    }

    /// Consumers are asked in turn for what comes next until enough has come.
    ///
    /// @param records how many have to come in this step, all consumers together; absent: as many as are expected
    /// @param owned how many partitions each consumer has to have in the end
    /// @param commits whether a consumer commits what it was given before it asks for more
    record Poll(
            List<String> consumers,
            Optional<Integer> records,
            Map<String, Integer> owned,
            boolean commits,
            Duration within,
            Optional<Values> expect)
            implements Step {
        @Override
        public String title() {
            return "consume_next " + String.join(", ", consumers);
        }
    }

    /// Something happens to the cluster, and is over when the step is.
    record Disturb(Disturbance what, int broker) implements Step {
        @Override
        public String title() {
            return what.text + " broker " + broker;
        }
    }

    /// A command is given again and again while something happens to the cluster, and a few times more.
    record Meanwhile(Ask repeated, Disturb disturb) implements Step {
        @Override
        public String title() {
            return repeated.title() + " while: " + disturb.title();
        }
    }

    /// From now on the broker behind `$proxy` has this fault.
    record SetFault(FaultyBroker.Fault fault) implements Step {
        @Override
        public String title() {
            return "fault " + fault.name().toLowerCase(Locale.ROOT);
        }
    }

    /// The kit writes records by itself, so that what reads is judged alone.
    record Write(int partition, JsonElement records) implements Step {
        @Override
        public String title() {
            return "write";
        }
    }

    /// The kit deletes the records before an offset of partition 0.
    record DeleteBefore(long offset) implements Step {
        @Override
        public String title() {
            return "delete_before " + offset;
        }
    }

    /// The kit reads partition 0 by itself, so that what writes is judged alone.
    record Log(JsonElement records) implements Step {
        @Override
        public String title() {
            return "log";
        }
    }

    /// The values of consumed records.
    ///
    /// @param expected an array
    record Values(JsonElement expected, Order order) {}

    enum Order {
        /// As they are listed.
        EXACT,
        /// Each as often as it is listed.
        ANY,
        /// Each at least once, and no others.
        REPEATS
    }

    enum Disturbance {
        /// kill -9; over when other brokers lead what it led.
        KILL("kill"),
        /// SIGTERM, which drains; over when the process has ended.
        STOP("stop"),
        /// Over when the broker serves, and all that it keeps is in sync again.
        START("start");

        private final String text;

        Disturbance(String text) {
            this.text = text;
        }
    }
}
