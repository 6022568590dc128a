// A small Weirlog client over the contract in proto/: writes with retries that double nothing, reads, and consumes,
// also as a member of a group. Any number of brokers may come and go; one address is enough to begin with.
//
//     const client = new Client(['127.0.0.1:7171']);
//     await client.produce('orders', [{ value: Buffer.from('two books') }], { partition: 0 });
//     const consumer = await Consumer.open(client, 'orders', 'earliest', { group: 'readers' });
//     for (const { partition, record } of (await consumer.next(100, 1000)).records) ...
'use strict';
const crypto = require('node:crypto');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');

const PROTO = process.env.WEIRLOG_PROTO || path.join(__dirname, '../../../proto/src/main/proto');
const contract = grpc.loadPackageDefinition(protoLoader.loadSync(
  ['admin', 'cluster', 'producer', 'consumer'].map((name) => `weirlog/v1/${name}.proto`),
  { keepCase: true, longs: Number, enums: String, defaults: false, arrays: true, oneofs: true, includeDirs: [PROTO] },
)).weirlog.v1;
const details = protobuf.loadSync(path.join(__dirname, '../status.proto'));
const OPTIONS = {
  'grpc.max_receive_message_length': 64 << 20, 'grpc.max_send_message_length': 64 << 20,
  'grpc.keepalive_time_ms': 10_000, 'grpc.keepalive_timeout_ms': 5_000,
};
const ATTEMPT_MILLIS = 5000;
const CREDIT = { records: 1000, bytes: 16 << 20 };

const pause = (millis) => new Promise((done) => setTimeout(done, millis));
const stamp = (millis) => ({ seconds: Math.floor(millis / 1000), nanos: (millis % 1000) * 1e6 });
const duration = (millis) => stamp(Math.round(millis));

class Refused extends Error {
  constructor(reason, message, { outcome = null, metadata = {}, again = false } = {}) {
    super(message);
    Object.assign(this, { reason, outcome, metadata, again }); // again: it may go better the next time.
  }
}

// What a failed call says of itself; without a word of a broker, the connection failed.
function explain(failure) {
  const { UNAVAILABLE, DEADLINE_EXCEEDED, ABORTED } = grpc.status;
  const again = [UNAVAILABLE, DEADLINE_EXCEEDED, ABORTED].includes(failure.code);
  for (const bytes of failure.metadata?.get('grpc-status-details-bin') ?? []) {
    for (const detail of details.lookupType('Status').decode(bytes).details) {
      if (detail.type_url.endsWith('/google.rpc.ErrorInfo')) {
        const { reason, metadata } = details.lookupType('ErrorInfo').decode(detail.value);
        return new Refused(reason, failure.details,
          { outcome: metadata.outcome ?? null, metadata, again: again || reason === 'NOT_LEADER' });
      }
    }
  }
  return new Refused(grpc.status[failure.code] ?? 'UNKNOWN', failure.details ?? failure.message, { again });
}

function problem({ reason = 'ERROR_REASON_UNSPECIFIED', message, metadata = {}, retry_delay: delay }, outcome) {
  const name = reason.slice('ERROR_REASON_'.length);
  return new Refused(name, message, {
    outcome: outcome?.slice('APPEND_OUTCOME_'.length) ?? null, metadata, again: Boolean(delay) || name === 'NOT_LEADER',
  });
}

function position(at) {
  if (at === 'earliest' || at === 'latest') return { [at]: {} };
  return 'offset' in at ? { offset: at.offset } : { timestamp: stamp(at.timestamp_ms) };
}

// Asks one broker after another until one answers; goes to leaders if it is told to.
class Client {
  constructor(addresses, { direct = false } = {}) {
    this.addresses = [...addresses];
    this.stubs = new Map();
    this.routing = direct ? 'ROUTING_LEADER_ONLY' : 'ROUTING_ANY';
    this.name = crypto.randomUUID();
    this.sequences = new Map(); // The next one of each partition.
  }

  stub(service) {
    const key = `${service}@${this.addresses[0]}`;
    if (!this.stubs.has(key)) {
      this.stubs.set(key, new contract[service](this.addresses[0], grpc.credentials.createInsecure(), OPTIONS));
    }
    return this.stubs.get(key);
  }

  // The leader that was named, or the next one that is known.
  async nextBroker(refused) {
    const leader = refused?.metadata.leader_address;
    if (leader) this.addresses.unshift(leader);
    else this.addresses.push(this.addresses.shift());
    await pause(20);
  }

  unary(service, method, request, millis) {
    return new Promise((done, fail) => {
      this.stub(service)[method](request, { deadline: Date.now() + millis }, (failure, answer) => {
        // The broker ends a call at its deadline too, and may be first.
        if (failure?.code === grpc.status.CANCELLED) failure.code = grpc.status.DEADLINE_EXCEEDED;
        if (failure) fail(explain(failure));
        else done(answer);
      });
    });
  }

  async learn() {
    const { brokers } = await this.unary('ClusterService', 'describeCluster', {}, ATTEMPT_MILLIS);
    for (const { address } of brokers) if (!this.addresses.includes(address)) this.addresses.push(address);
  }

  // Runs attempt(millis), which may be refused, again and again as long as that can help.
  async call(millis, attempt, certainOnly = false) {
    const until = Date.now() + millis;
    for (let uncertain = false; ;) {
      try {
        const left = until - Date.now(); // What cannot be repeated has all of it.
        return await attempt(Math.max(10, certainOnly ? left : Math.min(left, ATTEMPT_MILLIS)));
      } catch (refused) {
        if (!(refused instanceof Refused)) throw refused;
        uncertain ||= refused.outcome !== 'NOT_APPENDED';
        const late = Date.now() > until - 50;
        if (late || !refused.again || (certainOnly && uncertain)) {
          if (uncertain && (refused.again || late)) refused.outcome = 'UNKNOWN';
          throw refused;
        }
        await this.nextBroker(refused);
      }
    }
  }

  async produce(topic, records, { partition, timeout_ms: millis = 30_000, sequence, expected_offset: expected } = {}) {
    const place = `${topic}/${partition}`;
    const own = sequence === undefined && partition !== undefined && expected === undefined;
    const numbers = own ? { client_id: this.name, base: this.sequences.get(place) ?? 0 } : sequence;
    const request = {
      topic, partition, acks: 'ACKS_ALL', routing: this.routing, expected_base_offset: expected, records: { records },
      producer: numbers && { client_id: numbers.client_id, base_sequence: numbers.base },
    };
    let results;
    try {
      results = await this.call(millis, async (left) => {
        const answer = await this.unary('ProducerService', 'append', { ...request, timeout: duration(left) }, left);
        const failed = answer.results.find((result) => result.failure);
        if (failed) throw problem(failed.failure.problem, failed.failure.outcome);
        return answer.results;
      }, !numbers);
    } catch (refused) {
      if (own && refused.outcome !== 'NOT_APPENDED') { // What comes next must not be taken for a repetition.
        this.name = crypto.randomUUID();
        this.sequences.clear();
      }
      throw refused;
    }
    if (own) this.sequences.set(place, numbers.base + records.length);
    const places = [];
    for (const { partition: its, record_indexes: indexes, appended } of results) {
      const those = indexes?.length ? indexes : records.map((_, index) => index);
      those.forEach((index, at) => {
        places[index] = { partition: its ?? 0, offset: (appended.base_offset ?? 0) + at };
      });
    }
    return { records: places, repeated: results.some(({ appended }) => appended.repeated) };
  }

  async fetch({ topic, partition, offset, max_records: max, wait_ms: wait = 0 }) {
    const request = {
      partitions: [{ topic, partition, offset }], min_bytes: 1, max_wait: duration(wait), routing: this.routing,
    };
    const read = await this.call(10_000, async (left) => {
      const [one] = (await this.unary('ConsumerService', 'fetch', request, left + wait)).partitions;
      if (one.problem) throw problem(one.problem);
      return one;
    });
    const records = (read.records?.records ?? []).slice(0, max).map((record) => ({ partition, record }));
    return { records, next_offset: records.length ? offsetOf(records.at(-1).record) + 1 : read.next_offset ?? 0 };
  }

  async listOffset({ topic, partition, at }) {
    const request = { partitions: [{ topic, partition, position: position(at) }], routing: this.routing };
    return this.call(10_000, async (left) => {
      const [found] = (await this.unary('ConsumerService', 'listOffsets', request, left)).offsets;
      if (found.problem) throw problem(found.problem);
      return found.offset;
    });
  }

  async createTopic(topic, partitions) {
    const request = { name: topic, partitions, request_id: crypto.randomBytes(16) };
    await this.call(10_000, (left) => this.unary('AdminService', 'createTopic', request, left));
  }
}

const offsetOf = (record) => record.offset ?? 0;

// One stream after another, each opened where the one before ended.
class Consumer {
  static async open(client, topic, start, { group, instance } = {}) {
    const consumer = new Consumer();
    Object.assign(consumer, { client, topic, start, group, instance, positions: new Map(), commitId: 0, seekId: 0 });
    await consumer.open();
    return consumer;
  }

  async open() {
    await this.client.learn().catch(() => {}); // The stream will say what is wrong.
    this.ready = []; // Records that came.
    this.owned = new Map(); // Partition by assignment.
    this.seeks = new Map(); // The seek that is awaited, by assignment.
    this.given = new Map(); // The next offset by assignment.
    this.inbox = [];
    const partitions = [...this.positions].map(
      ([partition, offset]) => ({ topic: this.topic, partition, start: { offset } }));
    const subscription = this.group
      ? { group: { group_id: this.group, instance_id: this.instance, topics: [this.topic] } }
      : { partitions: { partitions: partitions.length ? partitions : [{ topic: this.topic }] } };
    const inbox = this.inbox;
    const arrived = (message) => { inbox.push(message); this.wake?.(); };
    this.stream = this.client.stub('ConsumerService').consume();
    this.stream.on('data', arrived);
    this.stream.on('error', () => {}); // The status says it.
    this.stream.on('status', (status) => arrived(status.code === grpc.status.OK
      ? new Refused('END', 'the broker has ended the stream', { again: true }) : explain(status)));
    this.stream.write({ initial: { ...subscription, start: position(this.start), credit: CREDIT } });
  }

  async take(millis) {
    const { inbox } = this;
    if (inbox.length === 0 && millis > 0) {
      let timer;
      await new Promise((done) => { this.wake = done; timer = setTimeout(done, millis); });
      clearTimeout(timer);
    }
    return inbox.shift();
  }

  // The next records, with what was assigned before them and revoked after. Who asks for more says that all before is
  // done with: only then is a revocation acknowledged.
  async next(max, millis) {
    const answer = { assigned: [], records: [], revoked: [] };
    const until = Date.now() + millis;
    while (answer.records.length < max && answer.revoked.length === 0) {
      if (this.ready.length > 0) {
        const { assignment, record } = this.ready.shift();
        const partition = this.owned.get(assignment);
        this.given.set(assignment, offsetOf(record) + 1);
        if (!this.group) this.positions.set(partition, offsetOf(record) + 1);
        answer.records.push({ partition, record });
        continue;
      }
      const message = await this.take(answer.records.length ? 0 : until - Date.now());
      if (!message) break;
      if (answer.records.length && (message instanceof Refused || message.revoking || message.problem)) {
        this.inbox.unshift(message); // Who has these records is to do with them what there is to do first.
        break;
      }
      await this.handle(message, answer);
    }
    return answer;
  }

  async handle(message, answer) {
    const { assigned, batch, revoking, problem: failed } = message;
    if (message instanceof Refused) {
      if (!message.again || message.reason === 'FENCED_MEMBER') {
        this.inbox.unshift(message); // It is so for good.
        throw message;
      }
      await this.client.nextBroker();
      await this.open();
    } else if (assigned) {
      for (const { assignment, partition = 0, start_offset: start = 0 } of assigned.partitions) {
        this.owned.set(assignment, partition);
        if (!this.group && !this.positions.has(partition)) this.positions.set(partition, start);
        answer.assigned.push(partition);
      }
    } else if (batch) {
      const records = batch.records?.records ?? [];
      // A batch takes less than its credit's bytes, and all of them come back.
      this.stream.write({ credit: { records: batch.record_count ?? 0, bytes: sizeOf(records) } });
      if (this.owned.has(batch.assignment) && (batch.seek_id ?? 0) >= (this.seeks.get(batch.assignment) ?? 0)) {
        this.ready.push(...records.map((record) => ({ assignment: batch.assignment, record })));
      }
    } else if (revoking) {
      this.ready = this.ready.filter(({ assignment }) => !revoking.assignments.includes(assignment));
      for (const assignment of revoking.assignments) {
        if (this.owned.has(assignment)) answer.revoked.push(this.owned.get(assignment));
        this.owned.delete(assignment);
        this.given.delete(assignment);
      }
      this.stream.write({ revoked: { assignments: revoking.assignments } });
    } else if (failed) {
      throw problem(failed.problem);
    }
  }

  // All that was given. Returns when it is stored.
  async commit() {
    this.commitId += 1;
    const positions = [...this.given].map(([assignment, offset]) => ({ assignment, next_offset: offset }));
    this.stream.write({ commit: { commit_id: this.commitId, positions } });
    const others = [];
    try {
      for (const until = Date.now() + 10_000; ;) {
        const message = await this.take(until - Date.now());
        if (!message && Date.now() < until) continue;
        if (!message) throw new Refused('TIMED_OUT', 'no answer to the commit');
        if (message.committed?.commit_id === this.commitId) {
          if (message.committed.problem) throw problem(message.committed.problem);
          return;
        }
        others.push(message);
        if (message instanceof Refused) throw message;
      }
    } finally {
      this.inbox.unshift(...others);
    }
  }

  seek(partition, to) {
    const [assignment] = [...this.owned].find(([, its]) => its === partition);
    this.seekId += 1;
    this.seeks.set(assignment, this.seekId);
    this.ready = this.ready.filter((one) => one.assignment !== assignment);
    this.stream.write({ seek: { seek_id: this.seekId, assignment, position: position(to) } });
  }

  async close() {
    this.stream.end();
    for (const until = Date.now() + 10_000; Date.now() < until;) { // Until the broker has heard of it.
      if ((await this.take(until - Date.now())) instanceof Refused) return;
    }
  }
}

// At least as much as the records took on the wire.
function sizeOf(records) {
  let bytes = 0;
  for (const { key, value, headers = [] } of records) {
    bytes += 64 + (key?.length ?? 0) + (value?.length ?? 0);
    for (const header of headers) bytes += 16 + header.key.length * 4 + (header.value?.length ?? 0);
  }
  return bytes;
}

module.exports = { Client, Consumer, Refused, stamp };
