package io.weirlog.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/// Sends all logs to logback, which `logback.xml` tells to be quiet.
final class Logging {
    private Logging() {}

    /// gRPC logs to the JDK's own loggers; those below warnings are not even asked for.
    static void install() {
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }

    /// For a process that is a node: what happens in it is all that its operator has to go by.
    static void raiseForNode() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.getLogger("io.weirlog").setLevel(Level.INFO);
            context.getLogger("io.grpc").setLevel(Level.WARN);
        }
    }
}
