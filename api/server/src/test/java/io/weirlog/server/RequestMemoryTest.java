package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.server.RequestMemory.Room;
import io.weirlog.server.config.NodeConfig;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RequestMemoryTest {
    private static final int LARGEST = 20;
    private static final int MEMORY = 100;
    private static final Optional<SocketAddress> HOG = Optional.of(new InetSocketAddress("10.0.0.1", 1));
    private static final Optional<SocketAddress> OTHER = Optional.of(new InetSocketAddress("10.0.0.2", 1));
    private static final Optional<SocketAddress> NOBODY = Optional.empty();

    private static NodeConfig.Limits limits(int percent) {
        return new NodeConfig.Limits(1, LARGEST, MEMORY, 1, 1, 1, 0, new NodeConfig.ClientLimits(1, 1, 1, percent));
    }

    @Test
    void oneAddressLeavesSomeToTheOthers() {
        var memory = new RequestMemory(limits(75));
        assertEquals(Room.TAKEN, memory.tryAcquire(HOG, 75));
        assertEquals(Room.ADDRESS_FULL, memory.tryAcquire(HOG, 1));
        assertEquals(Room.TAKEN, memory.tryAcquire(OTHER, 25));
        assertEquals(Room.NODE_FULL, memory.tryAcquire(OTHER, 1));
        memory.release(HOG, 1);
        // What the node refused does not count for the address.
        assertEquals(Room.TAKEN, memory.tryAcquire(OTHER, 1));
        memory.release(HOG, 74);
        assertEquals(Room.TAKEN, memory.tryAcquire(OTHER, 49));
        assertEquals(Room.ADDRESS_FULL, memory.tryAcquire(OTHER, 1));
        assertEquals(Room.TAKEN, memory.tryAcquire(HOG, 25));
    }

    @Test
    void theShareHasRoomForTheLargestRequest() {
        var memory = new RequestMemory(limits(1));
        assertEquals(Room.TAKEN, memory.tryAcquire(HOG, LARGEST));
        assertEquals(Room.ADDRESS_FULL, memory.tryAcquire(HOG, 1));
        assertEquals(Room.TAKEN, memory.tryAcquire(OTHER, LARGEST));
    }

    @Test
    void withTheWholeForEachThereIsNoShare() {
        var memory = new RequestMemory(limits(100));
        assertEquals(Room.TAKEN, memory.tryAcquire(HOG, MEMORY));
        assertEquals(Room.NODE_FULL, memory.tryAcquire(HOG, 1));
        assertEquals(Room.NODE_FULL, memory.tryAcquire(OTHER, 1));
        memory.release(HOG, MEMORY);
        assertEquals(Room.TAKEN, memory.tryAcquire(OTHER, MEMORY));
    }

    @Test
    void whatCountsForNobodyIsBoundByTheNodeOnly() {
        var memory = new RequestMemory(limits(75));
        assertEquals(Room.TAKEN, memory.tryAcquire(NOBODY, MEMORY));
        assertEquals(Room.NODE_FULL, memory.tryAcquire(NOBODY, 1));
        assertEquals(Room.NODE_FULL, memory.tryAcquire(OTHER, 1));
        memory.release(NOBODY, MEMORY);
        assertEquals(Room.TAKEN, memory.tryAcquire(OTHER, 75));
    }
}
