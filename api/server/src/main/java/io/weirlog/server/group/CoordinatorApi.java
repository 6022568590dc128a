package io.weirlog.server.group;

import io.grpc.stub.StreamObserver;
import io.weirlog.v1.ListGroupsRequest;
import io.weirlog.v1.ListGroupsResponse;
import java.util.concurrent.CompletableFuture;

/// The service as other brokers call it: only this broker's own coordinators answer.
public final class CoordinatorApi extends GroupsTranslation {
    private final GroupCalls calls;
    private final GroupListing listing;

    CoordinatorApi(GroupCalls calls, GroupListing listing) {
        this.calls = calls;
        this.listing = listing;
    }

    @Override
    <Q, R> CompletableFuture<R> call(GroupCall<Q, R> call, Q request) {
        return calls.callHere(call, request);
    }

    @Override
    public void listGroups(ListGroupsRequest request, StreamObserver<ListGroupsResponse> response) {
        tell(listing.here(request), response);
    }
}
