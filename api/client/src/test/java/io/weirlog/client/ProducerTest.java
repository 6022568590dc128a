package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ProducerTest {
    @Test
    void writesInOrder() throws Exception {
        try (var broker = InMemoryBroker.start();
                var client = WeirlogClient.connect(broker.address())) {
            broker.createTopic("t", 1);
            var expected = new ArrayList<String>();
            try (var producer = client.producer()) {
                var last = CompletableFuture.<Acknowledgement>completedFuture(null);
                for (var i = 0; i < 10_000; i++) {
                    expected.add("v" + i);
                    last = producer.send("t", "v" + i);
                }
                producer.flush(Duration.ofSeconds(20));
                assertEquals(9_999, last.get().offset().orElseThrow());
            }
            assertEquals(expected, broker.values("t", 0));
        }
    }
}
