#!/usr/bin/env node
// A tour of Weirlog: four small programs over the small client beside this file.
//
//     tour.js produce ADDRESS TOPIC < lines    writes each line to partition 0 and prints its offset
//     tour.js since ADDRESS TOPIC MILLIS       prints what was written to partition 0 at or after a time
//     tour.js group ADDRESS GROUP TOPIC        prints its share of a topic and commits it; start it twice, stop one
//     tour.js survive ADDRESS TOPIC COUNT      writes numbers and reads them back, whatever brokers do meanwhile
'use strict';
const readline = require('node:readline');
const { Client, Consumer } = require('./small-client.js');

const print = (...fields) => console.log(fields.join('\t'));
const textOf = ({ value }) => (value ?? Buffer.alloc(0)).toString();

async function produce(client, topic) {
  for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const { records: [{ offset }] } = await client.produce(topic, [{ value: Buffer.from(line) }], { partition: 0 });
    print(offset);
  }
}

async function since(client, topic, millis) {
  let offset = await client.listOffset({ topic, partition: 0, at: { timestamp_ms: Number(millis) } });
  const end = await client.listOffset({ topic, partition: 0, at: 'latest' });
  while (offset < end) {
    const wanted = { topic, partition: 0, offset, max_records: 100, wait_ms: 1000 };
    const { records, next_offset: next } = await client.fetch(wanted);
    for (const { record } of records) print(record.offset ?? 0, textOf(record));
    offset = next;
  }
}

async function group(client, name, topic) {
  const consumer = await Consumer.open(client, topic, 'earliest', { group: name });
  for (;;) {
    const { assigned, records, revoked } = await consumer.next(100, 1000);
    for (const partition of assigned) print('assigned', partition);
    for (const { partition, record } of records) print(partition, record.offset ?? 0, textOf(record));
    if (records.length > 0) await consumer.commit();
    for (const partition of revoked) print('revoked', partition);
  }
}

async function survive(client, topic, count) {
  const consumer = await Consumer.open(client, topic, 'latest');
  while ((await consumer.next(1, 100)).assigned.length === 0); // What is written from now on is read.
  const read = [];
  for (let number = 0; number < count; number += 1) {
    await client.produce(topic, [{ value: Buffer.from(`${number}`) }], { partition: 0 });
    read.push(...(await consumer.next(100, 0)).records);
  }
  while (read.length < count) read.push(...(await consumer.next(100, 1000)).records);
  const inOrder = read.every(({ record }, index) => textOf(record) === `${index}`);
  print(`${count} records written and read back${inOrder ? ' once and in order' : ', NOT once or NOT in order'}`);
}

const [name, address, ...rest] = process.argv.slice(2);
const programs = { produce: [produce, 1], since: [since, 2], group: [group, 2], survive: [survive, 2] };
const [program, count] = programs[name] ?? [];
if (!program || rest.length !== count) {
  console.error('usage: tour.js produce ADDRESS TOPIC | since ADDRESS TOPIC MILLIS | group ADDRESS GROUP TOPIC'
    + ' | survive ADDRESS TOPIC COUNT');
  process.exit(2);
}
program(new Client(address.split(',')), ...rest).then(
  () => process.exit(0),
  (failure) => {
    console.error(`${failure.reason ?? 'failed'}: ${failure.message}`);
    process.exit(1);
  },
);
