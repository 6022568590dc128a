package io.weirlog.client;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What all parts of one client share.
///
/// @param bootstrap brokers to ask first; never empty
/// @param maxMessageBytes the largest message taken from a broker
/// @param tls absent: connections are not secured
record ClientConfig(
        List<Address> bootstrap,
        String clientId,
        Duration requestTimeout,
        int maxMessageBytes,
        Optional<SecureChannels> tls) {}
