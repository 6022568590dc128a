package io.weirlog.bench.log;

import java.util.List;
import java.util.Map;

/// One comparison.
///
/// @param benchmark the class and method
/// @param parameters what the benchmark is run with
/// @param contenders the order in which they take turns
/// @param unit what a figure is
record Case(String name, String benchmark, Map<String, String> parameters, List<String> contenders, Unit unit) {

    enum Unit {
        /// Of a time in ms for a known number of bytes.
        MEBIBYTES_PER_SECOND("MiB/s"),
        /// Of a time in ms for a known number of bytes.
        SECONDS_PER_GIGABYTE("s/GB"),
        OPERATIONS_PER_SECOND("/s");

        private final String symbol;

        Unit(String symbol) {
            this.symbol = symbol;
        }

        String symbol() {
            return symbol;
        }
    }

    /// How many times better a figure is than that of a peer.
    double ratio(double ours, double peers) {
        return unit == Unit.SECONDS_PER_GIGABYTE ? peers / ours : ours / peers;
    }
}
