#!/usr/bin/python3
"""A driver for the conformance kit: its commands for the small client in api/examples/python.

    python_driver.py [--wrong NAME,...]    commands on standard input, answers on standard output

--wrong makes a bad client of it, so that the kit can be tried: drop-headers, new-sequence, keep-revoked, commit-early,
never-commit, swallow-errors, sure-outcome, text-only.
"""
import json
import sys
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples/python"))
import small_client  # noqa: E402
from small_client import Record, Refused  # noqa: E402

WRONG = set(sys.argv[2].split(",")) if sys.argv[1:2] == ["--wrong"] else set()


class Client(small_client.Client):
    def before_attempt(self, request, own):
        if own and "new-sequence" in WRONG:
            request.producer.client_id, request.producer.base_sequence = uuid.uuid4().hex, 0


class Consumer(small_client.Consumer):
    def let_go(self, revoked):
        return [] if "keep-revoked" in WRONG else super().let_go(revoked)


def to_bytes(text):
    return None if text is None else text.encode("latin-1")


def to_text(data):
    return data.decode("utf-8", "replace") if "text-only" in WRONG else data.decode("latin-1")


def to_record(given):
    record = Record(key=to_bytes(given.get("key")), value=to_bytes(given.get("value")))
    for key, value in [] if "drop-headers" in WRONG else given.get("headers", []):
        record.headers.add(key=key, value=to_bytes(value))
    if "timestamp_ms" in given:
        record.timestamp.FromMilliseconds(given["timestamp_ms"])
    return record


def from_record(place):
    partition, record = place

    def text(of):
        return lambda name: to_text(getattr(of, name)) if of.HasField(name) else None
    return {"partition": partition, "offset": record.offset, "timestamp_ms": record.timestamp.ToMilliseconds(),
            "key": text(record)("key"), "value": text(record)("value"),
            "headers": [[header.key, text(header)("value")] for header in record.headers]}


class Commands:
    client, consumers = None, {}

    def reset(self):
        for name in list(self.consumers):
            self.close(name)

    def connect(self, addresses, direct=False):
        self.client = Client(addresses, direct)

    def create_topic(self, topic, partitions):
        self.client.create_topic(topic, partitions)

    def produce(self, topic, records, **how):
        places, repeated = self.client.produce(topic, list(map(to_record, records)), **how)
        return {"records": [{"partition": partition, "offset": offset} for partition, offset in places],
                "repeated": repeated}

    def fetch(self, **what):
        records, next_offset = self.client.fetch(**what)
        return {"records": list(map(from_record, records)), "next_offset": next_offset}

    def list_offset(self, **what):
        return {"offset": self.client.list_offset(**what)}

    def consume_open(self, consumer, topic, **how):
        self.consumers[consumer] = Consumer(self.client, topic, how.pop("from"), **how)

    def consume_next(self, consumer, **how):
        came = self.consumers[consumer].next(**how)
        if "commit-early" in WRONG and came.records and self.consumers[consumer].group:
            self.consumers[consumer].commit()
        return {"assigned": came.assigned, "records": list(map(from_record, came.records)), "revoked": came.revoked}

    def commit(self, consumer):
        if not WRONG & {"never-commit", "commit-early"}:
            self.consumers[consumer].commit()

    def seek(self, consumer, topic, partition, to):
        self.consumers[consumer].seek(partition, to)

    def close(self, consumer):
        self.consumers.pop(consumer).close()


def main():
    commands = Commands()
    for line in sys.stdin:
        command = json.loads(line)
        number, run = command.pop("id"), getattr(commands, command.pop("do"), None)
        try:
            answer = (run(**command) or {}) if run else {"unsupported": "there is no such command"}
        except Refused as refused:
            outcome = "NOT_APPENDED" if "sure-outcome" in WRONG and refused.outcome else refused.outcome
            answer = {"error": {"reason": refused.reason, "message": refused.message, "outcome": outcome}}
            if "swallow-errors" in WRONG:
                answer = {"records": []}
        print(json.dumps({"id": number, **answer}), flush=True)


if __name__ == "__main__":
    main()
