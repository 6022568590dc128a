package io.weirlog.cli.conformance;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.HandlerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.weirlog.v1.AdminServiceGrpc;
import io.weirlog.v1.AppendResponse;
import io.weirlog.v1.ClusterServiceGrpc;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.GroupsServiceGrpc;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.v1.ProducerServiceGrpc;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// A broker as clients see it that passes every call on to a real one, and can have faults that a real one shows too
/// seldom to be tried with. Where the real one is named by its address, it puts its own: so clients that go to leaders
/// directly stay with it.
final class FaultyBroker implements AutoCloseable {
    enum Fault {
        NONE,
        /// The next answer to an append is lost, after it was done: the call breaks off.
        LOSE_ANSWER,
        /// No answer to an append comes through any more, however long one waits.
        HOLD_ANSWERS,
        /// Every message has fields that no client knows, and streams have messages of a kind that none knows.
        NEWER
    }

    private static final int MESSAGE_BYTES_MAX = 64 << 20;
    private static final int UNKNOWN_FIELD = 1500;
    private static final List<ServiceDescriptor> SERVICES = List.of(
            ProducerServiceGrpc.getServiceDescriptor(),
            ConsumerServiceGrpc.getServiceDescriptor(),
            GroupsServiceGrpc.getServiceDescriptor(),
            ClusterServiceGrpc.getServiceDescriptor(),
            AdminServiceGrpc.getServiceDescriptor());

    private final String realAddress;
    private final ManagedChannel broker;
    private final Server server;
    private final AtomicReference<Fault> fault = new AtomicReference<>(Fault.NONE);

    FaultyBroker(String realAddress) throws IOException {
        this.realAddress = realAddress;
        broker = ManagedChannelBuilder.forTarget(realAddress)
                .usePlaintext()
                .maxInboundMessageSize(MESSAGE_BYTES_MAX)
                .build();
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .maxInboundMessageSize(MESSAGE_BYTES_MAX)
                .fallbackHandlerRegistry(new PassingOn())
                .build()
                .start();
    }

    String address() {
        return "127.0.0.1:" + server.getPort();
    }

    void set(Fault wanted) {
        fault.set(wanted);
    }

    @Override
    public void close() {
        server.shutdownNow();
        broker.shutdownNow();
    }

    private final class PassingOn extends HandlerRegistry {
        @Override
        public @Nullable ServerMethodDefinition<?, ?> lookupMethod(String name, @Nullable String authority) {
            for (var service : SERVICES) {
                for (var method : service.getMethods()) {
                    if (method.getFullMethodName().equals(name)) {
                        return definition(method);
                    }
                }
            }
            return null;
        }
    }

    @SuppressWarnings("unchecked") // All messages of these services are protobuf's.
    private ServerMethodDefinition<Message, Message> definition(MethodDescriptor<?, ?> any) {
        var method = (MethodDescriptor<Message, Message>) any;
        return ServerMethodDefinition.create(method, (client, headers) -> {
            var call = broker.newCall(method, CallOptions.DEFAULT);
            call.start(new Answers(client), headers);
            client.request(Integer.MAX_VALUE);
            call.request(Integer.MAX_VALUE);
            return new Requests(call);
        });
    }

    /// From the client to the broker.
    private static final class Requests extends ServerCall.Listener<Message> {
        private final ClientCall<Message, Message> call;

        Requests(ClientCall<Message, Message> call) {
            this.call = call;
        }

        @Override
        public void onMessage(Message message) {
            call.sendMessage(message);
        }

        @Override
        public void onHalfClose() {
            call.halfClose();
        }

        @Override
        public void onCancel() {
            call.cancel("the client has gone", null);
        }
    }

    /// From the broker to the client.
    private final class Answers extends ClientCall.Listener<Message> {
        private final ServerCall<Message, Message> client;
        private boolean closed;

        Answers(ServerCall<Message, Message> client) {
            this.client = client;
        }

        @Override
        public void onHeaders(Metadata headers) {
            client.sendHeaders(headers);
        }

        @Override
        public void onMessage(Message message) {
            if (closed || (isAppended(message) && fault.get() == Fault.HOLD_ANSWERS)) {
                return;
            }
            if (isAppended(message) && fault.compareAndSet(Fault.LOSE_ANSWER, Fault.NONE)) {
                close(Status.UNAVAILABLE.withDescription("the answer was lost"), new Metadata());
                return;
            }
            var newer = fault.get() == Fault.NEWER;
            client.sendMessage(changed(message, newer));
            if (newer && !client.getMethodDescriptor().getType().serverSendsOneMessage()) {
                client.sendMessage(
                        message.newBuilderForType().setUnknownFields(unknown()).build());
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            close(status, trailers);
        }

        private void close(Status status, Metadata trailers) {
            var held = fault.get() == Fault.HOLD_ANSWERS && appends(client.getMethodDescriptor());
            if (!closed && !held) {
                closed = true;
                client.close(status, trailers);
            }
        }
    }

    private static boolean appends(MethodDescriptor<?, ?> method) {
        return method.equals(ProducerServiceGrpc.getAppendMethod())
                || method.equals(ProducerServiceGrpc.getProduceMethod());
    }

    private static boolean isAppended(Message message) {
        return message instanceof AppendResponse
                || (message instanceof ProduceResponse response && response.hasResult());
    }

    private static UnknownFieldSet unknown() {
        return UnknownFieldSet.newBuilder()
                .addField(
                        UNKNOWN_FIELD,
                        UnknownFieldSet.Field.newBuilder().addVarint(7).build())
                .build();
    }

    /// The message with this broker's address, and if it is to be newer with an unknown field in all parts of it.
    private Message changed(Message message, boolean newer) {
        var builder = message.toBuilder();
        for (var entry : message.getAllFields().entrySet()) {
            var field = entry.getKey();
            if (field.getJavaType() == FieldDescriptor.JavaType.STRING
                    && entry.getValue().equals(realAddress)) {
                builder.setField(field, address());
            } else if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && !field.isMapField()) {
                changeParts(builder, field, newer);
            }
        }
        return newer ? builder.setUnknownFields(unknown()).build() : builder.build();
    }

    private void changeParts(Message.Builder builder, FieldDescriptor field, boolean newer) {
        if (!field.isRepeated()) {
            builder.setField(field, changed((Message) builder.getField(field), newer));
            return;
        }
        for (int index = 0; index < builder.getRepeatedFieldCount(field); index++) {
            builder.setRepeatedField(field, index, changed((Message) builder.getRepeatedField(field, index), newer));
        }
    }
}
