#!/usr/bin/python3
"""Appends lines to a Weirlog topic and fetches them: nothing but the contract in proto/ and Debian's gRPC.

    weirlog_client.py append ADDRESS TOPIC [PARTITION] < lines    one record for each line of standard input
    weirlog_client.py fetch  ADDRESS TOPIC [PARTITION] > lines    the values of all records, partition by partition

Without PARTITION the broker chooses one for each record. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
"""
import fcntl
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import grpc

HERE = Path(__file__).resolve().parent
PROTO = Path(os.environ.get("WEIRLOG_PROTO", HERE.parents[2] / "proto/src/main/proto"))
STUBS = HERE / "target"
TIMEOUT_SECONDS = 30
RECORDS_PER_REQUEST = 500


def generate_stubs():
    """Makes the stubs again if a contract is newer than they are; one process at a time."""
    contracts = [*sorted(PROTO.glob("weirlog/v1/*.proto")), HERE.parent / "status.proto"]
    made = STUBS / "weirlog/v1/cluster_pb2_grpc.py"
    STUBS.mkdir(exist_ok=True)
    with open(STUBS / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists() or made.stat().st_mtime < max(c.stat().st_mtime for c in contracts):
            subprocess.run(
                ["protoc", "--plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin", f"-I{PROTO}", f"-I{HERE.parent}",
                 f"--python_out={STUBS}", f"--grpc_out={STUBS}", *map(str, contracts)], check=True)
    sys.path.insert(0, str(STUBS))


generate_stubs()
from weirlog.v1 import cluster_pb2, cluster_pb2_grpc, common_pb2, consumer_pb2, consumer_pb2_grpc  # noqa: E402
from weirlog.v1 import producer_pb2, producer_pb2_grpc  # noqa: E402


def append(channel, topic, partition):
    """Sends the lines in order, a request at a time; a later line never overtakes an earlier one of its partition."""
    producer = producer_pb2_grpc.ProducerServiceStub(channel)
    lines = (line.rstrip(b"\n") for line in sys.stdin.buffer)
    count = 0
    while chunk := list(islice(lines, RECORDS_PER_REQUEST)):
        records = [common_pb2.Record(value=line) for line in chunk]
        response = producer.Append(producer_pb2.AppendRequest(
            topic=topic, partition=partition, acks=common_pb2.ACKS_ALL,
            records=common_pb2.RecordList(records=records)), timeout=TIMEOUT_SECONDS)
        for result in response.results:
            if result.HasField("failure"):
                outcome = common_pb2.AppendOutcome.Name(result.failure.outcome)
                sys.exit(f"partition {result.partition}: {result.failure.problem.message} ({outcome})")
            count += result.appended.record_count
    print(f"{count} records appended", file=sys.stderr)


def partitions_of(channel, topic):
    cluster = cluster_pb2_grpc.ClusterServiceStub(channel)
    found = cluster.DescribeCluster(cluster_pb2.DescribeClusterRequest(topics=[topic]), timeout=TIMEOUT_SECONDS).topics
    if not found:
        sys.exit(f"there is no topic {topic}")
    return [partition.partition for partition in found[0].partitions]


def fetch(channel, topic, partition):
    consumer = consumer_pb2_grpc.ConsumerServiceStub(channel)
    for wanted in partitions_of(channel, topic) if partition is None else [partition]:
        offset, end = 0, 1
        while offset < end:
            read = consumer.Fetch(consumer_pb2.FetchRequest(partitions=[
                consumer_pb2.FetchPartition(topic=topic, partition=wanted, offset=offset)]),
                timeout=TIMEOUT_SECONDS).partitions[0]
            if read.problem.reason == common_pb2.ERROR_REASON_OFFSET_OUT_OF_RANGE and offset < read.log_start_offset:
                offset = read.log_start_offset  # What lay before was deleted.
                continue
            if read.HasField("problem"):
                sys.exit(f"partition {wanted}: {read.problem.message}")
            sys.stdout.buffer.writelines(record.value + b"\n" for record in read.records.records)
            offset, end = read.next_offset, read.high_watermark


def main(command, address, topic, partition=None):
    options = [("grpc.max_receive_message_length", 64 * 1024 * 1024)]
    with grpc.insecure_channel(address, options) as channel:
        try:
            {"append": append, "fetch": fetch}[command](channel, topic, None if partition is None else int(partition))
        except grpc.RpcError as failure:
            sys.exit(f"{address}: {failure.code().name}: {failure.details()}")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    known = arguments[:1] in (["append"], ["fetch"]) and all(map(str.isdigit, arguments[3:]))
    if not known or len(arguments) not in (3, 4):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    main(*arguments)
