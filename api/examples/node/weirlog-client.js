#!/usr/bin/env node
// Produces lines to a Weirlog topic and consumes them, over streams: nothing but the contract in proto/ and grpc-js.
//
//     weirlog-client.js produce ADDRESS TOPIC [PARTITION] < lines    one record for each line of standard input
//     weirlog-client.js consume ADDRESS TOPIC [PARTITION] > lines    the values of all records, up to the end
//
// Without PARTITION the broker chooses one for each record. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
'use strict';
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const PROTO = process.env.WEIRLOG_PROTO || path.join(__dirname, '../../../proto/src/main/proto');
const RECORDS_PER_APPEND = 500;
const APPENDS_IN_FLIGHT = 8;
const CREDIT_RECORDS = 5000;
const BATCH_BYTES = 1024 * 1024;

function client(name, address) {
  const contract = protoLoader.loadSync(['weirlog/v1/producer.proto', 'weirlog/v1/consumer.proto'], {
    keepCase: true, longs: String, enums: String, defaults: true, oneofs: true, includeDirs: [PROTO],
  });
  const Client = grpc.loadPackageDefinition(contract).weirlog.v1[name];
  return new Client(address, grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': 64 * 1024 * 1024,
  });
}

async function* linesOf(input) {
  let rest = Buffer.alloc(0);
  for await (const chunk of input) {
    const data = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end; (end = data.indexOf(10, start)) >= 0; start = end + 1) yield data.subarray(start, end);
    rest = data.subarray(start);
  }
  if (rest.length > 0) yield rest;
}

async function produce(address, topic, partition) {
  const stream = client('ProducerService', address).produce();
  const lines = linesOf(process.stdin);
  const unanswered = new Map(); // Records by correlation id: a request without a partition gets several answers.
  let appendsMax = 0; // None before the broker has answered `initial`.
  let correlationId = 0;
  let count = 0;
  let ended = false;
  stream.write({ initial: { client_id: 'node-example', acks: 'ACKS_ALL' } });
  for await (const { initial, result } of stream) {
    if (initial) appendsMax = Math.min(APPENDS_IN_FLIGHT, initial.max_in_flight_appends || APPENDS_IN_FLIGHT);
    if (result?.failure) {
      throw new Error(`partition ${result.partition}: ${result.failure.problem.message} (${result.failure.outcome})`);
    }
    if (result) {
      count += result.appended.record_count;
      const rest = unanswered.get(result.correlation_id) - result.appended.record_count;
      if (rest > 0) unanswered.set(result.correlation_id, rest);
      else unanswered.delete(result.correlation_id);
    }
    while (!ended && unanswered.size < appendsMax) {
      const records = [];
      while (!ended && records.length < RECORDS_PER_APPEND) {
        const line = await lines.next();
        if (line.done) ended = true;
        else records.push({ value: line.value });
      }
      if (records.length > 0) {
        correlationId += 1;
        unanswered.set(String(correlationId), records.length);
        stream.write({ append: { correlation_id: correlationId, topic, partition, records: { records } } });
      }
    }
    if (ended && unanswered.size === 0) break;
  }
  if (!ended || unanswered.size > 0) throw new Error('the broker ended the stream too early');
  stream.end();
  console.error(`${count} records appended`);
}

async function consume(address, topic, partition) {
  const stream = client('ConsumerService', address).consume();
  const behind = new Set(); // Assignments that have not been at their end yet.
  const credit = { records: CREDIT_RECORDS, bytes: 4 * BATCH_BYTES };
  const partitions = { partitions: [partition === undefined ? { topic } : { topic, partition }] };
  stream.write({ initial: { client_id: 'node-example', partitions, start: { earliest: {} }, form: 'RECORD_FORM_RECORDS',
    credit, max_batch_bytes: BATCH_BYTES } });
  for await (const { assigned, batch, end_of_partition: end, problem } of stream) {
    if (assigned) assigned.partitions.forEach((one) => behind.add(one.assignment));
    if (problem) throw new Error(problem.problem.message);
    if (batch) {
      const lines = batch.records.records.flatMap((record) => [record.value ?? Buffer.alloc(0), Buffer.from('\n')]);
      await new Promise((done, fail) => process.stdout.write(Buffer.concat(lines), (e) => (e ? fail(e) : done())));
      // Only now may as much again come: no more is ever in memory. A batch takes BATCH_BYTES at the most.
      stream.write({ credit: { records: batch.record_count, bytes: BATCH_BYTES } });
    }
    if (end && behind.delete(end.assignment) && behind.size === 0) {
      stream.end();
      return;
    }
  }
  throw new Error('the broker ended the stream too early');
}

const [command, address, topic, partition, ...more] = process.argv.slice(2);
const run = { produce, consume }[command];
if (!run || !topic || more.length > 0 || !/^\d*$/.test(partition ?? '')) {
  console.error('usage: weirlog-client.js produce|consume ADDRESS TOPIC [PARTITION]');
  process.exit(2);
}
run(address, topic, partition === undefined ? undefined : Number(partition)).then(
  () => process.exit(0),
  (failure) => {
    console.error(`${address}: ${grpc.status[failure.code] ?? 'failed'}: ${failure.details ?? failure.message}`);
    process.exit(1);
  },
);
