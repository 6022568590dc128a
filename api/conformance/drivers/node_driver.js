#!/usr/bin/env node
// A driver for the conformance kit: its commands for the small client in api/examples/node.
'use strict';
const path = require('node:path');
const readline = require('node:readline');
const { Client, Consumer, Refused, stamp } = require(path.join(__dirname, '../../examples/node/small-client.js'));

let client;
const consumers = new Map();

const toBytes = (text) => (text === null || text === undefined ? undefined : Buffer.from(text, 'latin1'));
const toText = (bytes) => (bytes === null || bytes === undefined ? null : bytes.toString('latin1'));

function toRecord({ key, value, headers = [], timestamp_ms: millis }) {
  return {
    key: toBytes(key), value: toBytes(value), timestamp: millis === undefined ? undefined : stamp(millis),
    headers: headers.map(([name, its]) => ({ key: name, value: toBytes(its) })),
  };
}

function fromRecord({ partition, record: { offset = 0, timestamp, key, value, headers = [] } }) {
  return {
    partition, offset, key: toText(key), value: toText(value),
    timestamp_ms: (timestamp?.seconds ?? 0) * 1000 + Math.round((timestamp?.nanos ?? 0) / 1e6),
    headers: headers.map((header) => [header.key ?? '', toText(header.value)]),
  };
}

const commands = {
  async reset() {
    for (const consumer of [...consumers.keys()]) await this.close({ consumer });
  },
  connect({ addresses, direct }) {
    client = new Client(addresses, { direct });
  },
  create_topic: ({ topic, partitions }) => client.createTopic(topic, partitions),
  produce: ({ topic, records, ...how }) => client.produce(topic, records.map(toRecord), how),
  async fetch(what) {
    const { records, next_offset } = await client.fetch(what);
    return { records: records.map(fromRecord), next_offset };
  },
  async list_offset(what) {
    return { offset: await client.listOffset(what) };
  },
  async consume_open({ consumer, topic, from, ...how }) {
    consumers.set(consumer, await Consumer.open(client, topic, from, how));
  },
  async consume_next({ consumer, max_records: max, wait_ms: millis }) {
    const { assigned, records, revoked } = await consumers.get(consumer).next(max, millis);
    return { assigned, records: records.map(fromRecord), revoked };
  },
  commit: ({ consumer }) => consumers.get(consumer).commit(),
  seek: ({ consumer, partition, to }) => consumers.get(consumer).seek(partition, to),
  async close({ consumer }) {
    await consumers.get(consumer).close();
    consumers.delete(consumer);
  },
};

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const { id, do: name, ...rest } = JSON.parse(line);
    let answer;
    try {
      answer = commands[name] ? (await commands[name](rest)) ?? {} : { unsupported: 'there is no such command' };
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      answer = { error: { reason: refused.reason, message: refused.message, outcome: refused.outcome } };
    }
    process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`);
  }
  process.exit(0);
}

main();
