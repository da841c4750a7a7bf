import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { checkVertex, decodeVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import { Outbox } from '../outbox/outbox.ts';
import { queuedFrame } from '../outbox/records.ts';
import { framesIn } from '../outbox/vertices.ts';
import { nameOf, network, owner } from './outbox-samples.ts';

const test = suite('outbox under kill -9');

const KILLS = 50;
const UNACKNOWLEDGED_MAX = 40;

/** The broker's side: sends messages, again when they were not acknowledged, and sometimes when they were. */
class Broker {
  readonly acknowledged = new Set<number>();
  readonly vertices = new Map<number, Vertex>();
  readonly #pending = new Set<number>();
  #child: ChildProcess | undefined;
  #next = 0;

  async start(directory: string): Promise<void> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'outbox-child.js'), directory], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child = child;
    child.stdin.on('error', () => {});
    const ready = new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the gateway ended by itself with ${code}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const [word, value] = line.split(' ');
        if (word === 'ready') resolve();
        else if (word === 'sent') this.#note(fromHex(value!)!);
        else if (word === 'acknowledged') this.#onAcknowledged(Number(value), child);
      });
    });
    await ready;
    for (const number of this.#pending) this.#send(number, child);
    this.#fill(child);
  }

  async kill(): Promise<void> {
    this.#child!.removeAllListeners('exit');
    // Not `exit`: what was written before the kill is still in the pipe.
    const closed = once(this.#child!, 'close');
    this.#child!.kill('SIGKILL');
    await closed;
  }

  #onAcknowledged(number: number, child: ChildProcess): void {
    this.acknowledged.add(number);
    this.#pending.delete(number);
    this.#fill(child);
  }

  #fill(child: ChildProcess): void {
    while (this.#pending.size < UNACKNOWLEDGED_MAX) {
      this.#pending.add(this.#next);
      this.#send(this.#next, child);
      if (this.#next % 7 === 0) this.#send(Math.max(0, this.#next - 20), child);
      this.#next += 1;
    }
  }

  #send(number: number, child: ChildProcess): void {
    child.stdin!.write(`${number}\n`);
  }

  #note(envelope: Uint8Array): void {
    const decoded = decodeVertex(envelope);
    assert.ok(decoded.ok && checkVertex(decoded.value, network).ok, 'what leaves is a good vertex');
    const { value: vertex } = decoded;
    const before = this.vertices.get(vertex.sequence);
    assert.ok(
      before === undefined || before.key === vertex.key,
      `two vertices of number ${vertex.sequence} left: a fork`,
    );
    this.vertices.set(vertex.sequence, vertex);
  }
}

test(`${KILLS} kills at random instants: no frame lost, none twice, one chain`, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tally-kill-'));
  const broker = new Broker();
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      await broker.start(directory);
      // Counted in messages, not in time: a slow machine does as much between two kills as a fast one.
      const target = broker.acknowledged.size + Math.floor(Math.random() * 50);
      const endMs = performance.now() + 60_000;
      while (broker.acknowledged.size < target && performance.now() < endMs) await sleep(1);
      await sleep(Math.random() * 5);
      await broker.kill();
    }
    const outbox = await Outbox.open(directory, owner);
    // Signed and killed before it was sent: it would be sent now.
    for (const { vertex } of outbox.inFlight) {
      assert.is(broker.vertices.get(vertex.sequence)?.key ?? vertex.key, vertex.key);
      broker.vertices.set(vertex.sequence, vertex);
    }
    const queued = (await outbox.database.values('queue', 0, Number.MAX_SAFE_INTEGER)).length;
    assert.is(queued, outbox.queuedFrames);

    const chain = [...broker.vertices.values()].sort((a, b) => a.sequence - b.sequence);
    chain.forEach((vertex, index) => {
      assert.is(vertex.sequence, index + 1, 'no number is left out');
      assert.is(toHex(vertex.previous), index === 0 ? toHex(zero32) : chain[index - 1]!.key);
    });
    assert.is(chain.length, outbox.end.sequence);
    const names = chain.flatMap(framesIn).map(nameOf);
    assert.is(new Set(names).size, names.length, 'no frame twice');
    for (const frame of await queuedNames(outbox)) names.push(frame);
    const present = new Set(names);
    assert.is(present.size, names.length, 'no frame twice, those that wait included');
    for (const number of broker.acknowledged)
      assert.ok(present.has(`probe:${number % 3}//${number}`), `acknowledged frame ${number} is lost`);
    console.log(
      `      ${broker.acknowledged.size} messages acknowledged, ${chain.length} vertices, ${queued} frames wait`,
    );
    assert.ok(broker.acknowledged.size > 500, 'the test did something');
    await outbox.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

async function queuedNames(outbox: Outbox): Promise<string[]> {
  const values = await outbox.database.values('queue', 0, Number.MAX_SAFE_INTEGER);
  return values.map((value) => {
    const decoded = queuedFrame.decode(value);
    assert.ok(decoded.ok);
    return nameOf(decoded.value.frame);
  });
}

test.run();
