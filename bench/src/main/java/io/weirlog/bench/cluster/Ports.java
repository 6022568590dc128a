package io.weirlog.bench.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/// Ports of the loopback interface that were free a moment ago.
final class Ports {
    private Ports() {}

    static List<Integer> free(int count) throws IOException {
        var probes = new ArrayList<ServerSocket>();
        try {
            var ports = new ArrayList<Integer>();
            for (int i = 0; i < count; i++) {
                var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                probes.add(probe);
                ports.add(probe.getLocalPort());
            }
            return ports;
        } finally {
            for (var probe : probes) {
                probe.close();
            }
        }
    }
}
