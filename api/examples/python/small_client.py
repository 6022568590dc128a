"""A small Weirlog client over the contract in proto/: writes with retries that double nothing, reads, and consumes,
also as a member of a group. Any number of brokers may come and go; one address is enough to begin with.

    client = Client(["127.0.0.1:7171"])
    client.produce("orders", [Record(value=b"two books")], partition=0)
    for partition, record in Consumer(client, "orders", "earliest", group="readers").next(100, 1000).records: ...
"""
import collections
import queue
import threading
import time
import uuid

import grpc

import weirlog_client  # noqa: F401  makes the stubs
import status_pb2
from weirlog.v1 import admin_pb2, admin_pb2_grpc, cluster_pb2, cluster_pb2_grpc, common_pb2
from weirlog.v1 import consumer_pb2, consumer_pb2_grpc, producer_pb2, producer_pb2_grpc

Record = common_pb2.Record
OPTIONS = [("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20),
           ("grpc.keepalive_time_ms", 10_000), ("grpc.keepalive_timeout_ms", 5_000)]
ATTEMPT_SECONDS = 5
CREDIT = consumer_pb2.Credit(records=1000, bytes=16 << 20)


class Refused(Exception):
    def __init__(self, reason, message, outcome=None, metadata=None, again=False):
        super().__init__(message)
        self.reason, self.message, self.outcome = reason, message, outcome
        self.metadata, self.again = metadata or {}, again  # again: it may go better the next time.


def explain(failure):
    """What a failed call says of itself; without a word of a broker, the connection failed."""
    code = failure.code()
    again = code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.ABORTED)
    for key, value in failure.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                if detail.type_url.endswith("/google.rpc.ErrorInfo"):
                    info = status_pb2.ErrorInfo.FromString(detail.value)
                    return Refused(info.reason, failure.details(), info.metadata.get("outcome"), dict(info.metadata),
                                   again or info.reason == "NOT_LEADER")
    return Refused(code.name, failure.details(), None, {}, again)


def problem(what, outcome=0):
    reason = common_pb2.ErrorReason.Name(what.reason)[len("ERROR_REASON_"):]
    name = common_pb2.AppendOutcome.Name(outcome)[len("APPEND_OUTCOME_"):] if outcome else None
    again = what.HasField("retry_delay") or reason == "NOT_LEADER"
    return Refused(reason, what.message, name, dict(what.metadata), again)


Next = collections.namedtuple("Next", "assigned records revoked")


class Client:
    """Asks one broker after another until one answers; goes to leaders if it is told to."""

    def __init__(self, addresses, direct=False):
        self.addresses, self.channels = list(addresses), {}
        self.routing = common_pb2.ROUTING_LEADER_ONLY if direct else common_pb2.ROUTING_ANY
        self.name, self.sequences = uuid.uuid4().hex, {}

    def channel(self):
        address = self.addresses[0]
        if address not in self.channels:
            self.channels[address] = grpc.insecure_channel(address, OPTIONS)
        return self.channels[address]

    def next_broker(self, refused=None):
        """The leader that was named, or the next one that is known."""
        leader = refused.metadata.get("leader_address") if refused else None
        if leader:
            self.addresses.insert(0, leader)
        else:
            self.addresses.append(self.addresses.pop(0))
        time.sleep(0.02)

    def learn(self):
        found = cluster_pb2_grpc.ClusterServiceStub(self.channel()).DescribeCluster(
            cluster_pb2.DescribeClusterRequest(), timeout=ATTEMPT_SECONDS)
        self.addresses += [broker.address for broker in found.brokers if broker.address not in self.addresses]

    def call(self, seconds, attempt, certain_only=False):
        """Runs attempt(channel, timeout), which may raise Refused, again and again as long as that can help."""
        until, uncertain = time.monotonic() + seconds, False
        while True:
            left = until - time.monotonic()
            own = left if certain_only else min(left, ATTEMPT_SECONDS)  # What cannot be repeated has all the time.
            try:
                return attempt(self.channel(), max(0.01, own))
            except grpc.RpcError as failure:
                refused = explain(failure)
            except Refused as failure:
                refused = failure
            uncertain = uncertain or refused.outcome != "NOT_APPENDED"
            late = time.monotonic() > until - 0.05
            if late or not refused.again or (certain_only and uncertain):
                if uncertain and (refused.again or late):
                    refused.outcome = "UNKNOWN"
                raise refused
            self.next_broker(refused)

    def produce(self, topic, records, partition=None, timeout_ms=30000, sequence=None, expected_offset=None):
        request = producer_pb2.AppendRequest(
            topic=topic, partition=partition, acks=common_pb2.ACKS_ALL, routing=self.routing,
            expected_base_offset=expected_offset, records=common_pb2.RecordList(records=records))
        own = sequence is None and partition is not None and expected_offset is None
        if own:
            sequence = {"client_id": self.name, "base": self.sequences.get((topic, partition), 0)}
        if sequence:
            request.producer.client_id, request.producer.base_sequence = sequence["client_id"], sequence["base"]

        def attempt(channel, timeout):
            self.before_attempt(request, own)
            request.timeout.FromMilliseconds(int(timeout * 1000))
            results = producer_pb2_grpc.ProducerServiceStub(channel).Append(request, timeout=timeout).results
            for result in results:
                if result.HasField("failure"):
                    raise problem(result.failure.problem, result.failure.outcome)
            return results

        try:
            results = self.call(timeout_ms / 1000, attempt, certain_only=not sequence)
        except Refused as refused:
            if own and refused.outcome != "NOT_APPENDED":  # What comes next must not be taken for a repetition.
                self.name, self.sequences = uuid.uuid4().hex, {}
            raise
        if own:
            self.sequences[topic, partition] = sequence["base"] + len(records)
        places = [None] * len(records)  # Partition and offset of each.
        for result in results:
            for at, index in enumerate(result.record_indexes or range(len(records))):
                places[index] = result.partition, result.appended.base_offset + at
        return places, any(result.appended.repeated for result in results)

    def before_attempt(self, request, own):
        """For clients that do more; this one sends the same again."""

    def fetch(self, topic, partition, offset, max_records, wait_ms=0):
        request = consumer_pb2.FetchRequest(min_bytes=1, routing=self.routing, partitions=[
            consumer_pb2.FetchPartition(topic=topic, partition=partition, offset=offset)])
        request.max_wait.FromMilliseconds(wait_ms)

        def attempt(channel, timeout):
            read = consumer_pb2_grpc.ConsumerServiceStub(channel).Fetch(request, timeout=timeout + wait_ms / 1000)
            if read.partitions[0].HasField("problem"):
                raise problem(read.partitions[0].problem)
            return read.partitions[0]

        read = self.call(10, attempt)
        records = [(partition, record) for record in read.records.records[:max_records]]
        return records, records[-1][1].offset + 1 if records else read.next_offset

    def list_offset(self, topic, partition, at):
        request = consumer_pb2.ListOffsetsRequest(routing=self.routing, partitions=[
            consumer_pb2.ListOffsetsPartition(topic=topic, partition=partition, position=position(at))])

        def attempt(channel, timeout):
            found = consumer_pb2_grpc.ConsumerServiceStub(channel).ListOffsets(request, timeout=timeout).offsets[0]
            if found.HasField("problem"):
                raise problem(found.problem)
            return found

        found = self.call(10, attempt)
        return found.offset if found.HasField("offset") else None

    def create_topic(self, topic, partitions=1):
        request = admin_pb2.CreateTopicRequest(name=topic, partitions=partitions, request_id=uuid.uuid4().bytes)
        self.call(10, lambda channel, timeout: admin_pb2_grpc.AdminServiceStub(channel).CreateTopic(
            request, timeout=timeout))


class Consumer:
    """One stream after another, each opened where the one before ended."""

    def __init__(self, client, topic, start, group=None, instance=None):
        self.client, self.topic, self.start, self.group, self.instance = client, topic, start, group, instance
        self.positions, self.commit_id, self.seek_id = {}, 0, 0
        self.open()

    def open(self):
        try:
            self.client.learn()
        except grpc.RpcError:
            pass  # The stream will say so.
        self.requests, self.inbox, self.later, self.ready = queue.Queue(), queue.Queue(), [], []
        self.owned, self.seeks, self.given = {}, {}, {}  # Partition, awaited seek, next offset; by assignment.
        initial = consumer_pb2.ConsumeInitial(start=position(self.start), credit=CREDIT)
        if self.group:
            initial.group.group_id, initial.group.instance_id = self.group, self.instance or ""
            initial.group.topics.append(self.topic)
        for partition, offset in ([] if self.group else self.positions.items()):
            initial.partitions.partitions.add(topic=self.topic, partition=partition, start=position({"offset": offset}))
        if not self.group and not self.positions:
            initial.partitions.partitions.add(topic=self.topic)
        self.send(initial=initial)
        stream = consumer_pb2_grpc.ConsumerServiceStub(self.client.channel()).Consume(iter(self.requests.get, None))
        threading.Thread(target=self.read, args=(stream, self.inbox), daemon=True).start()

    def read(self, stream, inbox):
        try:
            for response in stream:
                inbox.put(response)
            inbox.put(Refused("END", "the broker has ended the stream", again=True))
        except grpc.RpcError as failure:
            inbox.put(explain(failure))

    def send(self, **request):
        self.requests.put(consumer_pb2.ConsumeRequest(**request))

    def take(self, wait):
        return self.later.pop(0) if self.later else self.inbox.get(timeout=max(0.001, wait))

    def next(self, max_records, wait_ms):
        """The next records, with what was assigned before them and revoked after. To ask for more says that all before
        is done with: only then is a revocation acknowledged."""
        answer = Next([], [], [])
        until = time.monotonic() + wait_ms / 1000
        while len(answer.records) < max_records and not answer.revoked:
            if self.ready:
                assignment, record = self.ready.pop(0)
                self.given[assignment] = self.positions[self.owned[assignment]] = record.offset + 1
                answer.records.append((self.owned[assignment], record))
                continue
            try:
                message = self.take(0 if answer.records else until - time.monotonic())
            except queue.Empty:
                break
            if answer.records and (isinstance(message, Refused) or message.WhichOneof("response") in (
                    "revoking", "problem")):
                self.later.insert(0, message)  # Who has these records is to do with them what there is to do first.
                break
            self.handle(message, answer)
        return answer

    def handle(self, message, answer):
        kind = "end" if isinstance(message, Refused) else message.WhichOneof("response")
        if kind == "end":
            if not message.again or message.reason == "FENCED_MEMBER":
                self.later.insert(0, message)  # It is so for good.
                raise message
            self.client.next_broker()
            self.open()
        elif kind == "assigned":
            for one in message.assigned.partitions:
                self.owned[one.assignment] = one.partition
                if not self.group:
                    self.positions.setdefault(one.partition, one.start_offset)
                answer.assigned.append(one.partition)
        elif kind == "batch":
            batch = message.batch
            self.send(credit=consumer_pb2.Credit(records=batch.record_count, bytes=batch.records.ByteSize()))
            if batch.assignment in self.owned and batch.seek_id >= self.seeks.get(batch.assignment, 0):
                self.ready += [(batch.assignment, record) for record in batch.records.records]
        elif kind == "revoking":
            answer.revoked.extend(self.let_go(message.revoking.assignments))
        elif kind == "problem":
            raise problem(message.problem.problem)

    def let_go(self, revoked):
        self.ready = [(assignment, record) for assignment, record in self.ready if assignment not in revoked]
        partitions = [self.owned.pop(one) for one in revoked if one in self.owned]
        self.given = {one: offset for one, offset in self.given.items() if one in self.owned}
        self.send(revoked=consumer_pb2.Revoked(assignments=revoked))
        return partitions

    def commit(self):
        """All that was given. Returns when it is stored."""
        self.commit_id += 1
        self.send(commit=consumer_pb2.Commit(commit_id=self.commit_id, positions=[
            consumer_pb2.CommitPosition(assignment=one, next_offset=offset) for one, offset in self.given.items()]))
        until, others = time.monotonic() + 10, []
        try:
            while True:
                message = self.take(until - time.monotonic())
                if isinstance(message, Refused):
                    others.append(message)
                    raise message
                if message.WhichOneof("response") == "committed" and message.committed.commit_id == self.commit_id:
                    if message.committed.HasField("problem"):
                        raise problem(message.committed.problem)
                    return
                others.append(message)
        except queue.Empty:
            raise Refused("TIMED_OUT", "no answer to the commit") from None
        finally:
            self.later = others + self.later

    def seek(self, partition, to):
        assignment = next(one for one, its in self.owned.items() if its == partition)
        self.seek_id += 1
        self.seeks[assignment] = self.seek_id
        self.ready = [(one, record) for one, record in self.ready if one != assignment]
        self.send(seek=consumer_pb2.Seek(seek_id=self.seek_id, assignment=assignment, position=position(to)))

    def close(self):
        self.requests.put(None)
        try:
            while not isinstance(self.take(10), Refused):
                pass  # Until the broker has heard of it.
        except queue.Empty:
            pass  # It is gone.


def position(at):
    if at in ("earliest", "latest"):
        return consumer_pb2.StartPosition(**{at: {}})
    made = consumer_pb2.StartPosition()
    if "offset" in at:
        made.offset = at["offset"]
    else:
        made.timestamp.FromMilliseconds(at["timestamp_ms"])
    return made
