package io.weirlog.server.config;

/// What the lines look like that a node logs.
public enum LoggingFormat {
    TEXT,
    JSON
}
