package io.weirlog.cli;

import ch.qos.logback.classic.ClassicConstants;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.joran.spi.ConsoleTarget;
import io.weirlog.server.config.LoggingFormat;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/// Sends all logs to logback, which `logback.xml` tells to be quiet.
final class Logging {
    private static final Logger LOG = LoggerFactory.getLogger(Logging.class);

    private Logging() {}

    /// gRPC logs to the JDK's own loggers; those below warnings are not even asked for.
    static void install() {
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }

    /// For a process that is a node: what happens in it is all that its operator has to go by.
    ///
    /// @param node its number, if it is the only one of the process
    static void ofNode(LoggingFormat format, OptionalInt node) {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            // Who gives logback a file of their own has chosen there.
            boolean chosenElsewhere = System.getProperty(ClassicConstants.CONFIG_FILE_PROPERTY) != null;
            if (format == LoggingFormat.JSON && !chosenElsewhere) {
                toJson(context, node);
            }
            context.getLogger("io.weirlog").setLevel(Level.INFO);
            context.getLogger("io.grpc").setLevel(Level.WARN);
        }
    }

    /// On standard output and nowhere else, also what would end a thread with a stack trace on standard error.
    private static void toJson(LoggerContext context, OptionalInt node) {
        var encoder = new JsonLogEncoder(node);
        encoder.setContext(context);
        encoder.start();
        var appender = new ConsoleAppender<ILoggingEvent>();
        appender.setContext(context);
        appender.setName("JSON");
        appender.setTarget(ConsoleTarget.SystemOut.getName());
        appender.setEncoder(encoder);
        appender.start();
        var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.detachAndStopAllAppenders();
        root.addAppender(appender);
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, failure) -> LOG.error("thread {} ended", thread.getName(), failure));
    }
}
