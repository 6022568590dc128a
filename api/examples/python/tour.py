#!/usr/bin/python3
"""A tour of Weirlog: four small programs over the small client beside this file.

    tour.py produce ADDRESS TOPIC < lines    writes each line to partition 0 and prints its offset
    tour.py since ADDRESS TOPIC MILLIS       prints what was written to partition 0 at or after a time
    tour.py group ADDRESS GROUP TOPIC        prints its share of a topic and commits it; start it twice, stop one
    tour.py survive ADDRESS TOPIC COUNT      writes numbers and reads them back, whatever brokers do meanwhile
"""
import sys

from small_client import Client, Consumer, Record


def produce(client, topic):
    for line in sys.stdin.buffer:
        ((_, offset),), _ = client.produce(topic, [Record(value=line.rstrip(b"\n"))], partition=0)
        print(offset)


def since(client, topic, millis):
    offset, end = client.list_offset(topic, 0, {"timestamp_ms": int(millis)}), client.list_offset(topic, 0, "latest")
    while offset is not None and offset < end:
        records, offset = client.fetch(topic, 0, offset, 100, 1000)
        for _, record in records:
            print(record.offset, record.value.decode(errors="replace"), sep="\t")


def group(client, name, topic):
    consumer = Consumer(client, topic, "earliest", name)
    while True:
        came = consumer.next(100, 1000)
        for partition in came.assigned:
            print("assigned", partition, sep="\t", flush=True)
        for partition, record in came.records:
            print(partition, record.offset, record.value.decode(errors="replace"), sep="\t", flush=True)
        if came.records:
            consumer.commit()
        for partition in came.revoked:
            print("revoked", partition, sep="\t", flush=True)


def survive(client, topic, count):
    consumer, read = Consumer(client, topic, "latest"), []
    while not consumer.next(1, 100).assigned:
        pass  # What is written from now on is read.
    for number in range(int(count)):
        client.produce(topic, [Record(value=b"%d" % number)], partition=0)
        read += consumer.next(100, 0).records
    while len(read) < int(count):
        read += consumer.next(100, 1000).records
    in_order = [int(record.value) for _, record in read] == list(range(int(count)))
    print(f"{count} records written and read back{' once and in order' if in_order else ', NOT once or NOT in order'}")


if __name__ == "__main__":
    programs = {"produce": (produce, 1), "since": (since, 2), "group": (group, 2), "survive": (survive, 2)}
    program, arguments = programs.get((sys.argv + [""])[1], (None, 0))
    if not program or len(sys.argv) != 3 + arguments:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    try:
        program(Client(sys.argv[2].split(",")), *sys.argv[3:])
    except KeyboardInterrupt:
        pass
