package io.weirlog.server.config;

/// One thing wrong with a configuration.
///
/// @param subject the key, variable or file in question
/// @param message what is wrong and what would be right
public record ConfigProblem(String subject, ConfigOrigin origin, String message) {
    @Override
    public String toString() {
        return subject + ": " + message + " (" + origin + ")";
    }
}
