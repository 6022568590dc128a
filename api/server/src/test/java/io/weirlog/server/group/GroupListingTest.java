package io.weirlog.server.group;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.v1.GroupState;
import io.weirlog.v1.GroupSummary;
import io.weirlog.v1.ListGroupsRequest;
import io.weirlog.v1.ListGroupsResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// Pages that several brokers make together, each of which lists its own groups page by page.
class GroupListingTest {
    private static final List<GroupState> STATES =
            List.of(GroupState.GROUP_STATE_STABLE, GroupState.GROUP_STATE_EMPTY, GroupState.GROUP_STATE_RECONCILING);

    private final Random random = new Random(7);
    private final TreeMap<String, GroupState> all = new TreeMap<>();
    private final List<List<GroupSummary>> brokers = new ArrayList<>();

    private void make(int brokerCount, int groups) {
        all.clear();
        brokers.clear();
        for (int i = 0; i < brokerCount; i++) {
            brokers.add(new ArrayList<>());
        }
        for (int i = 0; i < groups; i++) {
            var state = STATES.get(random.nextInt(STATES.size()));
            var group = GroupSummary.newBuilder()
                    .setGroupId("g" + random.nextInt(1_000_000))
                    .setState(state)
                    .build();
            if (all.put(group.getGroupId(), state) == null) {
                brokers.get(random.nextInt(brokerCount)).add(group);
            } else {
                all.remove(group.getGroupId());
                brokers.forEach(own -> own.removeIf(one -> one.getGroupId().equals(group.getGroupId())));
            }
        }
    }

    private ListGroupsResponse ask(ListGroupsRequest request) {
        var parts = new ArrayList<ListGroupsResponse>();
        for (var own : brokers) {
            var later = own.stream()
                    .filter(group -> group.getGroupId().compareTo(request.getPageToken()) > 0)
                    .toList();
            parts.add(GroupListing.page(
                    request,
                    List.of(ListGroupsResponse.newBuilder().addAllGroups(later).build())));
        }
        return GroupListing.page(request, parts);
    }

    @Test
    void pagesTogetherHaveEveryGroupOnceWhateverIsFiltered() {
        for (int round = 0; round < 300; round++) {
            make(1 + random.nextInt(4), random.nextInt(60));
            var request = ListGroupsRequest.newBuilder().setPageSize(1 + random.nextInt(10));
            if (random.nextBoolean()) {
                request.addStates(GroupState.GROUP_STATE_STABLE);
            }
            var listed = new ArrayList<String>();
            for (int pages = 0; pages == 0 || !request.getPageToken().isEmpty(); pages++) {
                var page = ask(request.build());
                assertTrue(page.getGroupsCount() <= request.getPageSize());
                page.getGroupsList().forEach(group -> listed.add(group.getGroupId()));
                request.setPageToken(page.getNextPageToken());
                assertTrue(pages <= all.size(), "pages without end");
            }
            var expected = all.entrySet().stream()
                    .filter(group -> request.getStatesCount() == 0 || group.getValue() == GroupState.GROUP_STATE_STABLE)
                    .map(Map.Entry::getKey)
                    .toList();
            assertEquals(expected, listed, "round " + round);
        }
    }

    @Test
    void aPageOfGroupsThatAreNotAskedForIsEmptyAndHasASuccessor() {
        var part = ListGroupsResponse.newBuilder()
                .addGroups(GroupSummary.newBuilder().setGroupId("a").setState(GroupState.GROUP_STATE_EMPTY))
                .setNextPageToken("a")
                .build();
        var request = ListGroupsRequest.newBuilder()
                .addStates(GroupState.GROUP_STATE_STABLE)
                .build();
        var page = GroupListing.page(request, List.of(part));
        assertEquals(0, page.getGroupsCount());
        assertEquals("a", page.getNextPageToken());
    }
}
