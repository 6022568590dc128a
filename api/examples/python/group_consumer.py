#!/usr/bin/python3
"""A member of a consumer group: prints the records of its share of a topic, and commits what it has printed.

    group_consumer.py [-v] ADDRESS[,ADDRESS...] GROUP TOPIC    one line for each record: partition, offset, value

With -v it tells on standard error what it does: where it is connected, what is assigned, revoked and committed. One
address is enough: the others are learnt from it. If its broker goes, the consumer goes on with another one; a record may
then come twice, if it was printed after the last commit. Stop it with Ctrl-C: its partitions go to other members.
"""
import queue
import sys
import time

import grpc

import weirlog_client  # noqa: F401  makes the stubs
from weirlog.v1 import cluster_pb2, cluster_pb2_grpc, consumer_pb2, consumer_pb2_grpc

VERBOSE = sys.argv[1:2] == ["-v"]
CREDIT = consumer_pb2.Credit(records=1000, bytes=8 << 20)


def tell(*what):
    if VERBOSE:
        print(*what, file=sys.stderr, flush=True)


def learn(channel, addresses):
    """Puts the addresses of all brokers behind those that are known."""
    cluster = cluster_pb2_grpc.ClusterServiceStub(channel)
    for broker in cluster.DescribeCluster(cluster_pb2.DescribeClusterRequest(), timeout=5).brokers:
        if broker.address not in addresses:
            addresses.append(broker.address)


def consume(channel, group, topic, member):
    """Runs one stream until it ends: yields each record with its partition. Goes on as the former stream's `member`."""
    requests = queue.Queue()
    requests.put(consumer_pb2.ConsumeRequest(initial=consumer_pb2.ConsumeInitial(
        group=consumer_pb2.GroupSubscription(group_id=group, topics=[topic], **member), credit=CREDIT)))
    partitions, commits, commit_id = {}, {}, 0
    for response in consumer_pb2_grpc.ConsumerServiceStub(channel).Consume(iter(requests.get, None)):
        kind = response.WhichOneof("response")
        if kind == "initial":
            member["member_id"] = response.initial.member_id
        elif kind == "assigned":
            for one in response.assigned.partitions:
                partitions[one.assignment] = one.partition
                tell("assigned", one.partition, one.start_offset)
        elif kind == "batch":
            batch = response.batch
            for record in batch.records.records:
                yield partitions[batch.assignment], record
            commit_id += 1
            commits[commit_id] = partitions[batch.assignment], batch.next_offset
            requests.put(consumer_pb2.ConsumeRequest(commit=consumer_pb2.Commit(commit_id=commit_id, positions=[
                consumer_pb2.CommitPosition(assignment=batch.assignment, next_offset=batch.next_offset)])))
            requests.put(consumer_pb2.ConsumeRequest(credit=consumer_pb2.Credit(
                records=batch.record_count, bytes=batch.records.ByteSize())))
        elif kind == "revoking":
            tell("revoked", *(partitions[one] for one in response.revoking.assignments))
            requests.put(consumer_pb2.ConsumeRequest(revoked=consumer_pb2.Revoked(
                assignments=response.revoking.assignments)))
        elif kind == "draining":
            requests.put(None)  # Ends the stream behind the last commit, which counts.
        elif kind == "problem":
            print(response.problem.problem.message, file=sys.stderr)
        elif kind == "committed" and response.committed.HasField("problem"):
            print(f"not committed: {response.committed.problem.message}", file=sys.stderr)
        elif kind == "committed":
            tell("committed", *commits.pop(response.committed.commit_id))


def main(addresses, group, topic):
    member, options = {}, [("grpc.max_receive_message_length", 64 << 20), ("grpc.keepalive_time_ms", 10_000),
                           ("grpc.keepalive_timeout_ms", 5_000)]
    while True:
        try:
            with grpc.insecure_channel(addresses[0], options) as channel:
                learn(channel, addresses)
                tell("connected", addresses[0])
                for partition, record in consume(channel, group, topic, member):
                    print(partition, record.offset, record.value.decode(errors="replace"), sep="\t", flush=True)
        except grpc.RpcError as failure:
            print(f"{addresses[0]}: {failure.code().name}: {failure.details()}", file=sys.stderr)
            if failure.code() == grpc.StatusCode.INVALID_ARGUMENT:
                sys.exit(1)
        addresses.append(addresses.pop(0))  # The next one.
        time.sleep(0.2)


if __name__ == "__main__":
    arguments = sys.argv[2 if VERBOSE else 1:]
    if len(arguments) != 3:
        sys.exit(__doc__)
    try:
        main(arguments[0].split(","), *arguments[1:])
    except KeyboardInterrupt:
        pass
