/** The gateway against ledgers and nodes that misbehave: real execution, real proofs, nodes that do as they are told. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { randomPort } from '../../node/crypto/native.ts';
import { Alarms } from '../gateway/alarms.ts';
import { ChainGuard } from '../gateway/chain-guard.ts';
import { Devices } from '../gateway/devices.ts';
import { Dispatcher } from '../gateway/dispatcher.ts';
import { Follower } from '../gateway/follower.ts';
import { Ledger } from '../gateway/ledger.ts';
import { Payments, type PaymentsParts } from '../gateway/payments.ts';
import { Reception } from '../gateway/reception.ts';
import { packOf } from '../intake/packs.ts';
import { Outbox, type OutboxLimits, outboxLimits } from '../outbox/outbox.ts';
import { Spool } from '../outbox/spool.ts';
import { keepChange, keepEvidence, readChanges, readEvidence, readNewest } from '../outbox/trust.ts';
import { framesIn } from '../outbox/vertices.ts';
import { certify, root, START_MS } from './certifying.ts';
import { frameOf, nameOf, settle, signer } from './outbox-samples.ts';
import { warmRule } from './payment-samples.ts';
import { ScriptedLink, type ScriptedNode, SmallLedger } from './small-ledger.ts';

const test = suite('gateway and ledger');

const [A, B, C] = ['aa', 'bb', 'cc'].map((byte) => byte.repeat(32)) as [string, string, string];
const author = signer.publicKey;
/** Far longer than any of this takes, so that it ends only what hangs, on a slow machine too. */
const WITHIN_MS = 60_000;
/** Opened by the test that runs: whatever it leaves open when it fails is closed, or this file would never end. */
const opened = new Set<Inside>();

type Paying = Partial<Pick<PaymentsParts, 'rules' | 'dueMax'>>;

/** A gateway's inside, with time by hand and nodes by script. */
class Inside {
  readonly link: ScriptedLink;
  readonly ledger: SmallLedger;
  readonly said: string[] = [];
  readonly failures: Error[] = [];
  readonly directory: string;
  nowMs = START_MS + 60_000;
  outbox!: Outbox;
  follower!: Follower;
  guard!: ChainGuard;
  talk!: Ledger;
  dispatcher!: Dispatcher;
  alarms!: Alarms;
  reception!: Reception;
  spool!: Spool;
  devices!: Devices;
  payments!: Payments;

  private constructor(directory: string, ledger: SmallLedger, keys: readonly string[]) {
    this.directory = directory;
    this.ledger = ledger;
    this.link = new ScriptedLink(keys, ledger);
  }

  static async open(
    directory: string,
    ledger: SmallLedger,
    {
      resume = false,
      keys = [A, B] as readonly string[],
      up = true,
      queuedFramesMax = outboxLimits.queuedFramesMax,
      payments = {} as Paying,
    } = {},
  ): Promise<Inside> {
    const inside = new Inside(directory, ledger, keys);
    if (!up) for (const node of inside.link.scripted) node.up = false;
    opened.add(inside);
    await inside.#start(resume, { ...outboxLimits, queuedFramesMax }, payments);
    return inside;
  }

  async #start(resume: boolean, limits: OutboxLimits, paying: Paying): Promise<void> {
    const clock = { now: () => this.nowMs };
    const log = (level: string, message: string) => void this.said.push(`${level}: ${message}`);
    this.outbox = await Outbox.open(this.directory, { network: root.network, author }, limits);
    this.alarms = new Alarms(clock, log);
    this.follower = new Follower({
      root,
      genesisTimeMs: START_MS,
      trustingPeriodMs: 86_400_000,
      newest: readNewest(this.outbox.database),
      changes: await readChanges(this.outbox.database),
    });
    this.spool = await Spool.open(this.outbox.database, { messagesMax: 3, bytesMax: 10_000 });
    this.devices = await Devices.open(root.network, this.outbox.database, clock);
    this.guard = new ChainGuard({
      ...{ outbox: this.outbox, author, resume },
      onStanding: (standing) => {
        this.said.push(`standing: ${standing.state}`);
        if (standing.state === 'clear') this.dispatcher.poke();
      },
    });
    this.talk = new Ledger({
      ...{ link: this.link, follower: this.follower, clock },
      nodes: this.link.scripted.map(({ key }, index) => ({
        key,
        organisation: index < 2 ? 'first' : 'second',
      })),
      events: {
        onUp: (node) => {
          this.dispatcher.onUp(node);
          void this.guard.check(this.talk);
        },
        onHead: (node) => {
          void this.guard.check(this.talk);
          this.dispatcher.onHead(node);
        },
        onConflict: () => this.said.push('conflict'),
        onChange: (change) => {
          this.said.push(`epoch ${change.committee.epoch}`);
          void keepChange(this.outbox.database, change);
        },
        onLie: (node, reason) => this.said.push(`lie: ${node.slice(0, 2)} ${reason}`),
        onPrimary: (node) => this.said.push(`primary: ${node?.slice(0, 2)}`),
      },
    });
    this.devices.ledger = this.talk;
    this.payments = await Payments.open({
      ...{ rules: [], ...paying, outbox: this.outbox, network: root.network, callLifeMs: 86_400_000 },
      ...{ clock, random: randomPort(), log },
    });
    this.dispatcher = new Dispatcher({
      payments: this.payments,
      ...{
        outbox: this.outbox,
        ledger: this.talk,
        follower: this.follower,
        guard: this.guard,
        alarms: this.alarms,
        signer,
        clock,
      },
      ...{
        random: randomPort(),
        framesMax: 5,
        intervalMs: 0,
        onFinal: () => {},
        onFailure: (error) => void this.failures.push(error),
      },
    });
    this.reception = await Reception.open({
      ...{ network: root.network, outbox: this.outbox, spool: this.spool, devices: this.devices, clock, log },
      onQueued: () => this.dispatcher.poke(),
    });
  }

  async append(...counters: readonly number[]): Promise<void> {
    await this.outbox.append({
      frames: counters.map((counter) => frameOf(counter)),
      receivedMs: this.nowMs,
      guard: [],
    });
    this.dispatcher.poke();
  }

  /** Checkpoints, told to everybody, until `done`. */
  async until(what: string, done: () => boolean, stepMs = 250): Promise<void> {
    const endMs = performance.now() + WITHIN_MS;
    while (performance.now() < endMs) {
      if (done()) return;
      this.nowMs += stepMs;
      this.ledger.advance();
      this.link.push();
      await sleep(5);
      this.dispatcher.poke();
      await sleep(5);
    }
    throw new Error(
      `${what}: not within ${WITHIN_MS} ms; ${JSON.stringify(this.said.slice(-10))} ${this.failures}`,
    );
  }

  /** Waits for something that no further checkpoint is needed for. */
  async see(what: string, done: () => boolean): Promise<void> {
    const endMs = performance.now() + WITHIN_MS;
    while (!done()) {
      if (performance.now() > endMs)
        throw new Error(`${what}: not within ${WITHIN_MS} ms; ${JSON.stringify(this.said.slice(-10))}`);
      await sleep(5);
    }
  }

  /** A node is followed: whoever asks the ledger now gets an answer. */
  follows(): Promise<void> {
    return this.see(
      'a node to ask',
      () => this.talk.primary !== undefined && this.follower.head !== undefined,
    );
  }

  async close(): Promise<void> {
    opened.delete(this);
    await this.reception?.close();
    await this.dispatcher?.close();
    await this.talk?.close();
    await this.outbox?.close();
  }
}

async function inFolder(run: (directory: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tally-inside-'));
  try {
    await run(join(folder, 'outbox'));
  } finally {
    for (const inside of opened) await inside.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function enrolled(): SmallLedger {
  const ledger = new SmallLedger();
  ledger.enrolGateway(author);
  ledger.advance();
  return ledger;
}

test('signs nothing before the ledger knows its key; then everything, in chain order, to both nodes', () =>
  inFolder(async (directory) => {
    const ledger = new SmallLedger();
    ledger.advance();
    const inside = await Inside.open(directory, ledger);
    await inside.append(...Array.from({ length: 23 }, (_, i) => i));
    for (let i = 0; i < 5; i++) {
      ledger.advance();
      inside.link.push();
      await sleep(10);
    }
    await inside.see('the key is not known', () => {
      const { standing } = inside.guard;
      return standing.state === 'waiting' && standing.code === 'E_KEY_UNKNOWN';
    });
    assert.is(inside.outbox.end.sequence, 0);
    ledger.enrolGateway(author);
    await inside.until('final', () => inside.outbox.counts.finalFrames === 23);
    assert.is(ledger.vertices.length, 5);
    for (const [index, vertex] of ledger.vertices.entries()) assert.is(vertex.sequence, index + 1);
    assert.is(new Set(ledger.vertices.flatMap(framesIn).map(nameOf)).size, 23);
    for (const { asked } of inside.link.scripted)
      assert.ok(asked.filter(({ type }) => type === 'submit').length >= 5);
    assert.ok(
      inside.link.scripted[1]!.asked.every(({ type }) => type === 'submit' || type === 'head'),
      'only the primary is asked',
    );
    await inside.close();
  }));

test('a dead or frozen primary is replaced; the work goes on where it was', () =>
  inFolder(async (directory) => {
    const inside = await Inside.open(directory, enrolled());
    await inside.append(1, 2, 3);
    await inside.until('final', () => inside.outbox.counts.finalFrames === 3);
    assert.is(inside.talk.primary, A);
    inside.link.set(0, false);
    assert.is(inside.talk.primary, B);
    await inside.append(4);
    await inside.until('final by the other', () => inside.outbox.counts.finalFrames === 4);
    inside.link.set(0, true);
    await sleep(10);
    assert.is(inside.talk.primary, B, 'who serves stays');
    inside.link.scripted[1]!.silent = true;
    await inside.append(5);
    await inside.until('final by the first again', () => inside.outbox.counts.finalFrames === 5, 500);
    assert.is(inside.talk.primary, A);
    inside.link.set(0, false);
    inside.link.set(1, false);
    assert.is(inside.talk.primary, undefined);
    await inside.append(6, 7);
    await sleep(50);
    assert.is(inside.outbox.queuedFrames, 2, 'without a node nothing is signed');
    await inside.close();
  }));

test('a primary that stays a checkpoint behind the second is asked under what it has shown itself', () =>
  inFolder(async (directory) => {
    const inside = await Inside.open(directory, enrolled());
    await inside.follows();
    const shown = [inside.ledger.head!];
    const askedAbove: number[] = [];
    inside.link.scripted[0]!.twist = (answer, request) => {
      if (answer.type === 'head') {
        if (answer.certified !== shown.at(-1)) shown.push(answer.certified!);
        return { type: 'head', certified: shown.at(-2)! };
      }
      if (request.type !== 'proveVertex' || request.under <= shown.at(-2)!.header.height) return answer;
      askedAbove.push(request.under);
      return { type: 'vertex', proof: undefined };
    };
    await inside.append(1, 2);
    await inside.see('final', () => {
      inside.nowMs += 250;
      inside.ledger.advance();
      inside.link.push(1);
      inside.link.push(0);
      inside.dispatcher.poke();
      return inside.outbox.counts.finalFrames === 2;
    });
    assert.is(inside.talk.primary, A);
    assert.equal(askedAbove, []);
    assert.is(inside.talk.heightOf(A), inside.talk.heightOf(B) - 1);
    await inside.close();
  }));

test('goes along from committee to committee, also over many that it slept through, and keeps the way', () =>
  inFolder(async (directory) => {
    const ledger = enrolled();
    const first = await Inside.open(directory, ledger);
    await first.append(1);
    await first.until('final', () => first.outbox.counts.finalFrames === 1);
    ledger.changeCommittee('e', 'f', 'g', 'h');
    await first.append(2);
    await first.until('final under the next committee', () => first.outbox.counts.finalFrames === 2);
    assert.is(first.follower.epoch, 1);
    assert.is(first.said.filter((line) => line === 'epoch 1').length, 1);
    assert.not.ok(
      first.said.some((line) => line.startsWith('lie')),
      first.said.join('; '),
    );
    await first.close();

    // More than one answer can carry.
    for (let epoch = 2; epoch <= 70; epoch++)
      ledger.changeCommittee(...[0, 1, 2, 3].map((i) => `${epoch}/${i}`));
    const second = await Inside.open(directory, ledger);
    assert.is(second.follower.epoch, 1, 'what was verified is kept');
    await second.append(3);
    await second.until('final after 70 epochs', () => second.outbox.counts.finalFrames === 3);
    assert.is(second.follower.epoch, 70);
    assert.not.ok(
      second.said.some((line) => line.startsWith('lie')),
      second.said.join('; '),
    );
    await second.close();
    const third = await Inside.open(directory, ledger);
    assert.is(third.follower.epoch, 70);
    assert.equal(third.follower.changes.length, 70);
    await third.close();
  }));

test('a node that shows no way to a later epoch, or a false one, moves nothing', () =>
  inFolder(async (directory) => {
    const ledger = enrolled();
    const inside = await Inside.open(directory, ledger);
    await inside.append(1);
    await inside.until('final', () => inside.outbox.counts.finalFrames === 1);
    const [liar, other] = inside.link.scripted as [ScriptedNode, ScriptedNode];
    const { committee } = ledger.changeCommittee('e', 'f', 'g', 'h');
    const bent = { ...committee, seats: [...committee.seats].reverse() };
    const changes = [{ ...ledger.changes[0]!, committee: bent }];
    liar.twist = (answer) => (answer.type === 'changes' ? { type: 'changes', changes } : answer);
    other.twist = (answer) => (answer.type === 'changes' ? { type: 'changes', changes: [] } : answer);
    for (let i = 0; i < 5; i++) {
      ledger.advance();
      inside.link.push();
      await sleep(20);
    }
    assert.is(inside.follower.epoch, 0);
    assert.is(inside.follower.conflict, undefined);
    assert.ok(inside.said.some((line) => line.startsWith('lie') && line.includes('change of committee')));
    other.twist = (answer) => answer;
    await inside.until('the honest one leads on', () => inside.follower.epoch === 1);
    await inside.append(2);
    await inside.until('final', () => inside.outbox.counts.finalFrames === 2);
    await inside.close();
  }));

test('prefers a second of another organisation', () =>
  inFolder(async (directory) => {
    const inside = await Inside.open(directory, enrolled(), { keys: [A, B, C] });
    await inside.see('two are chosen', () => inside.talk.chosen.length === 2);
    assert.equal(inside.talk.chosen, [A, C]);
    inside.link.set(2, false);
    assert.equal(inside.talk.chosen, [A, B], 'one of its own is better than none');
    await inside.close();
  }));

test('a node that lies about a vertex, an object or a header is not believed, and the other is', () =>
  inFolder(async (directory) => {
    const inside = await Inside.open(directory, enrolled());
    await inside.append(1);
    await inside.until('final', () => inside.outbox.counts.finalFrames === 1);
    const liar = inside.link.scripted[0]!;
    liar.twist = (answer) => {
      if (answer.type !== 'vertex' || answer.proof === undefined) return answer;
      return { type: 'vertex', proof: { ...answer.proof, code: 1 } };
    };
    await inside.append(2);
    await inside.until('final by the other', () => inside.outbox.counts.finalFrames === 2);
    assert.ok(
      inside.said.some((line) => line.startsWith('lie: aa its proof of vertex 2: E_PROOF')),
      inside.said.join('\n'),
    );
    assert.is(inside.talk.primary, B);
    assert.is(inside.outbox.counts.refusedFrames, 0, 'a forged refusal is none');

    inside.nowMs += 61_000;
    liar.twist = (answer) =>
      answer.type === 'head' && answer.certified !== undefined
        ? {
            type: 'head',
            certified: { ...answer.certified, header: { ...answer.certified.header, height: 999 } },
          }
        : answer;
    inside.link.push(0);
    assert.ok(inside.said.some((line) => line.startsWith('lie: aa E_CERTIFICATE')));
    assert.ok(inside.follower.head!.header.height < 999);

    const device = inside.link.scripted[1]!;
    inside.ledger.enrolDevice('probe');
    inside.ledger.advance();
    inside.link.push(1);
    device.twist = (answer) =>
      answer.type === 'object' ? { ...answer, proof: { ...answer.proof, parts: undefined } } : answer;
    assert.is(await inside.devices.resolve(['probe']), false, 'an absence that is not proved');
    assert.ok(inside.said.some((line) => line.includes('its proof of device probe: E_PROOF')));
    await inside.close();
  }));

test('two certified headers at one height: an alarm, and nothing is signed or believed any more', () =>
  inFolder(async (directory) => {
    const inside = await Inside.open(directory, enrolled());
    await inside.append(1);
    await inside.until('final', () => inside.outbox.counts.finalFrames === 1);
    const { header } = inside.ledger.head!;
    const other = certify({ ...header, stateRoot: zero32 }, [1, 2, 3]);
    inside.link.scripted[1]!.twist = (answer) =>
      answer.type === 'head' ? { type: 'head', certified: other } : answer;
    inside.link.push(1);
    assert.ok(inside.said.includes('conflict'));
    const { sequence } = inside.outbox.end;
    await inside.append(2);
    for (let i = 0; i < 5; i++) {
      inside.ledger.advance();
      inside.link.push(0);
      await sleep(10);
    }
    assert.is(inside.outbox.end.sequence, sequence);
    assert.is(inside.outbox.queuedFrames, 1, 'what was accepted stays');
    await keepEvidence(inside.outbox.database, inside.follower.conflict!);
    await inside.close();
    const again = await Outbox.open(directory, { network: root.network, author });
    const [kept] = await readEvidence(again.database);
    assert.is(kept!.other.header.height, kept!.known.header.height);
    await again.close();
  }));

test('what passes is tried again; what is refused for ever is loud and stays', () =>
  inFolder(async (directory) => {
    const inside = await Inside.open(directory, enrolled());
    await inside.until('clear', () => inside.guard.standing.state === 'clear');
    for (const node of inside.link.scripted) node.take = () => 'E_ALLOWANCE';
    await inside.append(1, 2);
    await inside.until(
      'asked more than once',
      () => inside.link.scripted[0]!.asked.filter(({ type }) => type === 'submit').length > 2,
    );
    assert.is(inside.alarms.raised.size, 0);
    for (const node of inside.link.scripted) node.take = () => 'E_BATCH';
    await inside.until('an alarm', () => inside.alarms.raised.get('vertex')?.code === 'E_BATCH', 1_000);
    assert.is(inside.outbox.inFlight.length, 1);
    for (const node of inside.link.scripted) node.take = undefined;
    await inside.until('final', () => inside.outbox.counts.finalFrames === 2, 61_000);
    assert.is(inside.alarms.raised.size, 0, 'and the alarm is over');
    await inside.close();
  }));

test('a vertex that a node lost is sent again', () =>
  inFolder(async (directory) => {
    const inside = await Inside.open(directory, enrolled());
    await inside.until('clear', () => inside.guard.standing.state === 'clear');
    for (const node of inside.link.scripted) node.take = () => 'OK';
    await inside.append(1);
    await inside.see('both have lost it', () =>
      inside.link.scripted.every(({ asked }) => asked.some(({ type }) => type === 'submit')),
    );
    assert.is(inside.ledger.vertices.length, 0);
    for (const node of inside.link.scripted) node.take = undefined;
    await inside.until('final', () => inside.outbox.counts.finalFrames === 1, 4_000);
    await inside.close();
  }));

test('a revoked key is noticed: the outcome is loud, the frames are counted, nothing more is signed', () =>
  inFolder(async (directory) => {
    const inside = await Inside.open(directory, enrolled());
    await inside.until('clear', () => inside.guard.standing.state === 'clear');
    inside.ledger.enrolGateway(author, 'REVOKED');
    await inside.append(1, 2, 3);
    await inside.until('refused', () => inside.outbox.counts.refusedFrames === 3);
    const { standing } = inside.guard;
    assert.ok(standing.state === 'blocked' && standing.code === 'E_KEY_REVOKED');
    const { sequence } = inside.outbox.end;
    await inside.append(4);
    await sleep(50);
    assert.is(inside.outbox.end.sequence, sequence);
    assert.is(inside.outbox.queuedFrames, 1);
    await inside.close();
    const again = await Inside.open(directory, inside.ledger);
    await again.see('blocked in the next life as well', () => again.guard.standing.state === 'blocked');
    await again.close();
  }));

test('never signs beside a chain that is ahead: an outbox that was lost, or is a copy', () =>
  inFolder(async (directory) => {
    const ledger = enrolled();
    const first = await Inside.open(directory, ledger);
    await first.append(1);
    await first.until('final', () => first.outbox.counts.finalFrames === 1);
    await first.close();

    const lost = await Inside.open(`${directory}-lost`, ledger);
    await lost.append(2);
    await lost.see('blocked', () => lost.guard.standing.state === 'blocked');
    const { standing } = lost.guard;
    assert.ok(
      standing.state === 'blocked' && standing.code === 'E_CHAIN' && standing.reason.includes('resume_chain'),
      JSON.stringify(standing),
    );
    assert.is(lost.outbox.end.sequence, 0);
    await lost.close();

    const resumed = await Inside.open(`${directory}-lost`, ledger, { resume: true });
    await sleep(50);
    assert.is(resumed.guard.standing.state, 'waiting', 'first it looks whether the chain rests');
    assert.is(resumed.outbox.end.sequence, 0);
    await resumed.until('final', () => resumed.outbox.counts.finalFrames === 1);
    assert.equal(
      ledger.vertices.map(({ sequence }) => sequence),
      [1, 2],
    );
    assert.is(toHex(ledger.vertices[1]!.previous), ledger.vertices[0]!.key);
    await resumed.close();
  }));

test('another vertex of its own number on the ledger: somebody else has the key', () =>
  inFolder(async (directory) => {
    const ledger = enrolled();
    const inside = await Inside.open(directory, ledger, { up: false });
    await inside.outbox.append({ frames: [frameOf(1)], receivedMs: START_MS, guard: [] });
    const terms = { signer, checkpoint: ledger.head!, framesMax: 5, nowMs: START_MS, salt: zero32 };
    await inside.outbox.signNext(terms);
    ledger.setChain(author, 1, hash('vertex', uint32Bytes(9)));
    ledger.advance();
    inside.link.set(0, true);
    await inside.see('blocked', () => inside.guard.standing.state === 'blocked');
    const { standing } = inside.guard;
    assert.ok(standing.state === 'blocked' && standing.code === 'E_FORK', JSON.stringify(standing));
    await inside.close();
    const suspended = enrolled();
    suspended.setChain(author, 1, inside.outbox.end.id, true);
    suspended.advance();
    const again = await Inside.open(directory, suspended);
    await again.see('blocked', () => again.guard.standing.state === 'blocked');
    assert.ok(again.guard.standing.state === 'blocked' && again.guard.standing.code === 'E_KEY_SUSPENDED');
    await again.close();
  }));

test('messages of devices that nobody can be asked about are held, and taken up in order', () =>
  inFolder(async (directory) => {
    const ledger = enrolled();
    for (const name of ['d1', 'd2']) ledger.enrolDevice(name);
    ledger.advance();
    const inside = await Inside.open(directory, ledger, { up: false });
    const send = (device: string, counter: number) =>
      inside.reception.take(packOf(frameOf(counter, device), 'json'), { topic: '', contentType: undefined });
    await Promise.all([send('d1', 1), send('stranger', 1), send('d1', 2)]);
    assert.is(inside.spool.size, 3);
    await send('d2', 1);
    assert.is(inside.reception.refused.get('E_FULL'), 1, 'more than three are not held');
    assert.is(inside.outbox.queuedFrames, 0);
    await inside.close();

    const again = await Inside.open(directory, ledger);
    await again.follows();
    assert.is(again.spool.size, 3);
    const behind = again.reception.take(packOf(frameOf(3, 'd1'), 'json'), {
      topic: '',
      contentType: undefined,
    });
    await Promise.all([behind, again.reception.drain()]);
    await again.reception.drain();
    assert.is(again.spool.size, 0);
    assert.equal(
      Object.fromEntries(again.reception.refused),
      { E_DEVICE_UNKNOWN: 1 },
      'the stranger is refused at last',
    );
    await again.until('final', () => again.outbox.counts.finalFrames === 3);
    assert.equal(ledger.vertices.flatMap(framesIn).map(nameOf), ['d1//1', 'd1//2', 'd1//3']);

    again.link.set(0, false);
    again.link.set(1, false);
    await again.reception.take(packOf(frameOf(4, 'd1'), 'json'), { topic: '', contentType: undefined });
    assert.is(again.outbox.queuedFrames, 1, 'a device that is known needs no node');
    await again.close();
  }));

test('a full outbox holds messages back, unacknowledged, and drops nothing', () =>
  inFolder(async (directory) => {
    const ledger = enrolled();
    ledger.enrolDevice('d1');
    ledger.advance();
    const first = await Inside.open(directory, ledger);
    await first.follows();
    assert.ok(await first.devices.resolve(['d1']));
    await first.close();

    const inside = await Inside.open(directory, ledger, { up: false, queuedFramesMax: 10 });
    const acknowledged: number[] = [];
    const send = async (counter: number) => {
      const payload = packOf(frameOf(counter, 'd1'), 'cbor');
      await inside.reception.take(payload, { topic: '', contentType: undefined });
      acknowledged.push(counter);
    };
    // All in one turn of the event loop: none of them has been written when the last one looks for room.
    const sending = Array.from({ length: 30 }, (_, counter) => send(counter));
    assert.is(inside.outbox.queuedFrames, 10);
    assert.is(inside.reception.refused.get('E_FULL'), 20, 'and everybody can see why');
    await inside.see('ten are acknowledged', () => acknowledged.length === 10);
    // Longer than whoever waits takes to look again.
    await sleep(60);
    assert.is(acknowledged.length, 10);
    assert.is(inside.outbox.queuedFrames, 10);
    inside.link.set(0, true);
    await inside.until('room again', () => inside.outbox.counts.finalFrames > 0);
    const late = send(30);
    await inside.until('final', () => inside.outbox.counts.finalFrames === 31);
    await Promise.all([...sending, late]);
    assert.equal(
      acknowledged,
      Array.from({ length: 31 }, (_, counter) => counter),
      'in the order of arrival',
    );
    assert.is(new Set(ledger.vertices.flatMap(framesIn).map(nameOf)).size, 31);
    await inside.close();
  }));

test('a payment that is refused blocks nothing; when many are due they go before what would make more due', () =>
  inFolder(async (directory) => {
    const ledger = enrolled();
    const owner = { network: root.network, author };
    const before = await Outbox.open(directory, owner);
    await before.append({ frames: [5, 6, 7].map((n) => frameOf(n)), receivedMs: START_MS, guard: [] });
    const terms = { signer, checkpoint: ledger.advance(), nowMs: START_MS };
    const signed = (await before.signNext({ ...terms, framesMax: 9, salt: zero32 }))!;
    const making = await Payments.open({
      ...{ rules: [warmRule], outbox: before, network: root.network, callLifeMs: 60_000 },
      ...{ clock: { now: () => START_MS }, random: randomPort(), log: () => {} },
    });
    const { proof, anchor } = settle(signed.vertex);
    const due = await making.onOutcome(signed, { proof, anchor, code: 'OK' });
    await before.settleFirst(proof, anchor, START_MS, due);
    await before.append({ frames: [frameOf(1)], receivedMs: START_MS, guard: [] });
    await before.close();
    ledger.setChain(author, 1, signed.vertex.id);
    ledger.advance();

    const inside = await Inside.open(directory, ledger, { payments: { rules: [warmRule], dueMax: 1 } });
    await inside.until('final', () => inside.outbox.counts.finalFrames === 4);
    assert.equal(
      ledger.vertices.map(({ kind }) => kind),
      ['transaction', 'transaction', 'transaction', 'readings'],
    );
    assert.equal(inside.payments.status.settled, { E_NOT_FOUND: 3 });
    assert.is(inside.guard.standing.state, 'clear');
    assert.is(inside.said.filter((line) => line.startsWith('warn: a payment is refused')).length, 3);
    await inside.append(8);
    await inside.until('the next is refused', () => inside.payments.status.settled['E_NOT_FOUND'] === 4);
    assert.is(inside.outbox.counts.finalFrames, 5);
    await inside.close();
  }));

test('a revocation of a device is noticed after a while', () =>
  inFolder(async (directory) => {
    const ledger = enrolled();
    ledger.enrolDevice('d1');
    ledger.advance();
    const inside = await Inside.open(directory, ledger);
    await inside.follows();
    const send = (counter: number) =>
      inside.reception.take(packOf(frameOf(counter, 'd1'), 'json'), { topic: '', contentType: undefined });
    await send(1);
    ledger.enrolDevice('d1', new Uint8Array(0), 'REVOKED');
    ledger.advance();
    inside.link.push();
    await send(2);
    inside.nowMs += 61_000;
    await send(3);
    await inside.see('it was asked for again', () => inside.devices.find('d1')?.active === false);
    await send(4);
    assert.is(inside.reception.refused.get('E_KEY_REVOKED'), 1);
    assert.is(inside.reception.counts.accepted, 3);
    await inside.close();
  }));

test('an enrolment that expires is noticed like a revocation', () =>
  inFolder(async (directory) => {
    const ledger = enrolled();
    const { header } = ledger.advance();
    // It holds at the checkpoint that the gateway sees first, and no longer at the next.
    ledger.enrolDevice('d1', new Uint8Array(0), 'ACTIVE', header.time + 250);
    ledger.advance();
    const inside = await Inside.open(directory, ledger);
    await inside.follows();
    const send = (counter: number) =>
      inside.reception.take(packOf(frameOf(counter, 'd1'), 'json'), { topic: '', contentType: undefined });
    await send(1);
    assert.is(inside.reception.counts.accepted, 1, 'at its very last moment');
    ledger.advance();
    inside.link.push();
    inside.nowMs += 61_000;
    await send(2);
    await inside.see('it was asked for again', () => inside.devices.find('d1')?.active === false);
    await send(3);
    assert.is(inside.reception.refused.get('E_KEY_REVOKED'), 1);
    assert.is(inside.reception.counts.accepted, 2);
    await inside.close();
  }));

test.run();
