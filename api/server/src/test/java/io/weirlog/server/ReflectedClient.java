package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.util.JsonFormat;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.ClientCalls;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A client as `grpcurl` is one: it has no stub, asks the server for its contract, and speaks JSON to its user.
final class ReflectedClient {
    private static final long DEADLINE_SECONDS = 30;

    private final ManagedChannel channel;

    ReflectedClient(ManagedChannel channel) {
        this.channel = channel;
    }

    List<String> services() throws InterruptedException {
        var answer =
                ask(ServerReflectionRequest.newBuilder().setListServices("").build());
        return answer.getListServicesResponse().getServiceList().stream()
                .map(service -> service.getName())
                .toList();
    }

    /// The fields of a message of the contract.
    List<String> fields(String message) throws Exception {
        var descriptor = file(message).findMessageTypeByName(simpleName(message));
        assertNotNull(descriptor, message);
        return descriptor.getFields().stream()
                .map(Descriptors.FieldDescriptor::getName)
                .toList();
    }

    /// Calls a unary method, "package.Service/Method", with a request in JSON, and gives the response in JSON.
    String call(String method, String json) throws Exception {
        var names = method.split("/", 2);
        var service = file(names[0]).findServiceByName(simpleName(names[0]));
        assertNotNull(service, names[0]);
        var described = service.findMethodByName(names[1]);
        assertNotNull(described, method);
        var descriptor = MethodDescriptor.<DynamicMessage, DynamicMessage>newBuilder()
                .setType(MethodType.UNARY)
                .setFullMethodName(method)
                .setRequestMarshaller(marshaller(described.getInputType()))
                .setResponseMarshaller(marshaller(described.getOutputType()))
                .build();
        var request = DynamicMessage.newBuilder(described.getInputType());
        JsonFormat.parser().merge(json, request);
        var response = ClientCalls.blockingUnaryCall(
                channel,
                descriptor,
                CallOptions.DEFAULT.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS),
                request.build());
        return JsonFormat.printer().omittingInsignificantWhitespace().print(response);
    }

    private static MethodDescriptor.Marshaller<DynamicMessage> marshaller(Descriptors.Descriptor type) {
        return ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(type));
    }

    private static String simpleName(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /// The file that declares a symbol, with all that it rests on.
    private Descriptors.FileDescriptor file(String symbol) throws Exception {
        var answer = ask(ServerReflectionRequest.newBuilder()
                .setFileContainingSymbol(symbol)
                .build());
        assertFalse(answer.hasErrorResponse(), answer::toString);
        var bytes = answer.getFileDescriptorResponse().getFileDescriptorProtoList();
        Map<String, FileDescriptorProto> protos = new HashMap<>();
        for (var file : bytes) {
            var proto = FileDescriptorProto.parseFrom(file);
            protos.put(proto.getName(), proto);
        }
        return linked(FileDescriptorProto.parseFrom(bytes.get(0)).getName(), protos, new HashMap<>());
    }

    private static Descriptors.FileDescriptor linked(
            String name, Map<String, FileDescriptorProto> protos, Map<String, Descriptors.FileDescriptor> done)
            throws Descriptors.DescriptorValidationException {
        var known = done.get(name);
        if (known != null) {
            return known;
        }
        var proto = protos.get(name);
        if (proto == null) {
            throw new AssertionError("the server left out " + name);
        }
        var dependencies = new Descriptors.FileDescriptor[proto.getDependencyCount()];
        for (int i = 0; i < dependencies.length; i++) {
            dependencies[i] = linked(proto.getDependency(i), protos, done);
        }
        var file = Descriptors.FileDescriptor.buildFrom(proto, dependencies);
        done.put(name, file);
        return file;
    }

    private ServerReflectionResponse ask(ServerReflectionRequest request) throws InterruptedException {
        var answers = new StreamProbe<ServerReflectionResponse>();
        var requests = ServerReflectionGrpc.newStub(channel)
                .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
                .serverReflectionInfo(answers);
        requests.onNext(request);
        var answer = answers.next();
        requests.onCompleted();
        answers.completion();
        return answer;
    }
}
