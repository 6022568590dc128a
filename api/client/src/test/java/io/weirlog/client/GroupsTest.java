package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.GroupSummary;
import io.weirlog.v1.GroupsServiceGrpc;
import io.weirlog.v1.ListGroupsRequest;
import io.weirlog.v1.ListGroupsResponse;
import io.weirlog.v1.OffsetReset;
import io.weirlog.v1.SetOffsetsRequest;
import io.weirlog.v1.SetOffsetsResponse;
import io.weirlog.wire.Problems;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GroupsTest {
    private final Pages broker = new Pages();
    private Server server;
    private WeirlogClient client;

    @BeforeEach
    void start() throws Exception {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(broker)
                .build()
                .start();
        client = WeirlogClient.connect("127.0.0.1:" + server.getPort());
    }

    @AfterEach
    void stop() {
        client.close();
        server.shutdownNow();
    }

    /// Two pages of groups; one coordinator cannot be asked for the first of them, and can for the second.
    private static final class Pages extends GroupsServiceGrpc.GroupsServiceImplBase {
        private final List<OffsetReset> resets = new ArrayList<>();

        @Override
        public void listGroups(ListGroupsRequest request, StreamObserver<ListGroupsResponse> answer) {
            var page = ListGroupsResponse.newBuilder();
            if (request.getPageToken().isEmpty()) {
                page.addGroups(GroupSummary.newBuilder().setGroupId("a"))
                        .setNextPageToken("a")
                        .addProblems(Problems.problem(
                                Status.Code.UNAVAILABLE,
                                ErrorReason.ERROR_REASON_NOT_COORDINATOR,
                                "broker 2 does not answer"));
            } else {
                page.addGroups(GroupSummary.newBuilder().setGroupId("z"));
            }
            answer.onNext(page.build());
            answer.onCompleted();
        }

        @Override
        public void setOffsets(SetOffsetsRequest request, StreamObserver<SetOffsetsResponse> answer) {
            synchronized (resets) {
                resets.addAll(request.getOffsetsList());
            }
            answer.onNext(SetOffsetsResponse.getDefaultInstance());
            answer.onCompleted();
        }
    }

    @Test
    void whatIsMissingOnOnePageIsMissing() {
        var list = client.groups().list();
        assertEquals(
                List.of("a", "z"),
                list.groups().stream().map(GroupListing::group).toList());
        assertEquals(
                List.of("broker 2 does not answer"),
                list.missing().stream().map(WeirlogException::getMessage).toList());
    }

    @Test
    void anAgeMayBeOfAnyLengthButNotNegative() {
        client.groups().seek("g", List.of(GroupSeek.topic("t", SeekTo.age(Duration.ofDays(300_000)))));
        synchronized (broker.resets) {
            assertEquals(
                    Duration.ofDays(300_000).toSeconds(),
                    broker.resets.get(0).getAge().getSeconds());
        }
        assertThrows(IllegalArgumentException.class, () -> new SeekTo.Age(Duration.ofSeconds(-1)));
    }
}
