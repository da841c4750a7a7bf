/**
 * PBFT for one height `[BFT-1]` `[BFT-4..7]`: single rules on a small table, then agreement and progress under hundreds
 * of hostile schedules (pbft-schedule.ts), with a canary that the checker must catch.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { phaseDomain, type VotePhase, voteBytes } from '../checkpoint/certificate.ts';
import { type Header, headerId } from '../checkpoint/header.ts';
import { equalBytes, toHex } from '../codec/bytes.ts';
import { signDigest } from '../crypto/ed25519.ts';
import { zero32 } from '../crypto/hash.ts';
import { PbftHeight } from '../pbft/height.ts';
import type { VoteLogEntry } from '../pbft/messages.ts';
import type { PbftOutput, SeatMessage } from '../pbft/outputs.ts';
import { hashOf } from './arbitraries.ts';
import { HEIGHT, headerOf, makeCommittee, rulesOf, Schedule } from './pbft-schedule.ts';
import { installCheapSignatures } from './test-signer.ts';

installCheapSignatures();
const test = suite('pbft');

/** Four seats (f = 1, q = 3) whose messages the test carries by hand. */
class Table {
  readonly seats: PbftHeight[];
  readonly logs: VoteLogEntry[][];
  readonly sent: SeatMessage[][];
  readonly #setting = makeCommittee(4);
  nowMs = 0;

  constructor() {
    this.logs = this.#setting.signers.map(() => []);
    this.sent = this.#setting.signers.map(() => []);
    this.seats = this.#setting.signers.map((_, seat) => this.open(seat));
  }

  get committee() {
    return this.#setting.committee;
  }

  get leader(): number {
    return this.committee.leader(HEIGHT, 0);
  }

  /** The three that do not lead view 0. */
  get others(): number[] {
    return [0, 1, 2, 3].filter((seat) => seat !== this.leader);
  }

  header(variant: number): Header {
    return headerOf(variant, this.committee);
  }

  open(seat: number): PbftHeight {
    return new PbftHeight(
      HEIGHT,
      rulesOf(this.committee),
      { number: seat, signer: this.#setting.signers[seat]! },
      this.logs[seat]!,
    );
  }

  restart(seat: number): void {
    this.seats[seat] = this.open(seat);
  }

  /** Keeps logs and messages of a seat's outputs; says yes to every check, if it should. */
  perform(seat: number, outputs: readonly PbftOutput[], judge = true): readonly PbftOutput[] {
    const all = [...outputs];
    for (const output of all) {
      if (output.type === 'log') this.logs[seat]!.push(output.entry);
      if (output.type === 'send') this.sent[seat]!.push(output.message);
      if (output.type === 'check' && judge)
        all.push(...this.seats[seat]!.checked(headerId(output.header), true, this.nowMs));
    }
    return all;
  }

  hear(seat: number, message: SeatMessage, judge = true): readonly PbftOutput[] {
    return this.perform(seat, this.seats[seat]!.receive(message, this.nowMs), judge);
  }

  tick(seat: number): readonly PbftOutput[] {
    return this.perform(seat, this.seats[seat]!.tick(this.nowMs));
  }

  propose(header: Header): SeatMessage {
    this.perform(
      this.leader,
      this.seats[this.leader]!.propose(header, new Uint8Array(0), undefined, this.nowMs),
    );
    return this.sent[this.leader]!.find((message) => message.type === 'proposal')!;
  }

  vote(seat: number, phase: VotePhase, header: Header, view = 0, newView = zero32): SeatMessage {
    const { network } = rulesOf(this.committee);
    const body = voteBytes({
      network,
      committeeHash: this.committee.hash,
      height: HEIGHT,
      view,
      headerId: headerId(header),
      newView,
    });
    const signature = signDigest(this.#setting.signers[seat]!, phaseDomain[phase], network, body);
    return {
      type: 'vote',
      phase,
      height: HEIGHT,
      view,
      headerId: headerId(header),
      newView,
      seat,
      signature,
    };
  }

  /** Lets a seat's timer run out. */
  timeOut(seat: number): readonly PbftOutput[] {
    const pbft = this.seats[seat]!;
    const { view } = pbft;
    const outputs: PbftOutput[] = [];
    pbft.arm(this.nowMs);
    while (pbft.view === view) {
      this.nowMs = Math.max(this.nowMs, pbft.wakeAt);
      outputs.push(...this.tick(seat));
    }
    return outputs;
  }

  viewChangeOf(seat: number): SeatMessage {
    return this.sent[seat]!.filter((message) => message.type === 'viewChange').at(-1)!;
  }
}

const refusals = (outputs: readonly PbftOutput[]) =>
  outputs
    .filter((output) => output.type === 'refused')
    .map((output) => output.facts['reason'] ?? output.code);
const sends = (outputs: readonly PbftOutput[]) =>
  outputs
    .filter((output) => output.type === 'send')
    .map(({ message }) => (message.type === 'vote' ? message.phase : message.type));
const decides = (outputs: readonly PbftOutput[]) => outputs.some((output) => output.type === 'decided');

test('pre-prepare, prepare, commit, decided; each log line before the message it covers', () => {
  const table = new Table();
  const [a, b, c] = table.others as [number, number, number];
  const X = table.header(1);
  const proposal = table.propose(X);
  const first = table.hear(a, proposal);
  assert.equal(
    first.map((output) => (output.type === 'log' ? `log ${output.entry.phase}` : output.type)),
    ['check', 'log prepare', 'send'],
  );
  assert.equal(sends(table.hear(a, table.vote(b, 'prepare', X))), [], 'two of three');
  const third = table.hear(a, table.vote(table.leader, 'prepare', X));
  assert.equal(
    third.map((output) => output.type),
    ['log', 'send'],
  );
  assert.ok(
    third[0]!.type === 'log' && third[0]!.entry.prepared !== undefined,
    'the commit’s line keeps what it rests on',
  );
  assert.not.ok(decides(table.hear(a, table.vote(b, 'commit', X))));
  const last = table.hear(a, table.vote(c, 'commit', X));
  assert.ok(decides(last));
  assert.equal(table.hear(a, table.vote(table.leader, 'commit', X)), [], 'decided once');
});

test('a second proposal, a second vote, another’s seat, another’s signature: refused, and nothing is signed', () => {
  const table = new Table();
  const [a, b] = table.others as [number, number];
  const [X, Y] = [table.header(1), table.header(2)];
  const twin = new Table();
  table.hear(a, table.propose(X));
  assert.equal(refusals(table.hear(a, twin.propose(Y))), ['two proposals in one view']);
  table.hear(a, table.vote(b, 'prepare', X));
  assert.equal(refusals(table.hear(a, table.vote(b, 'prepare', Y))), ['two votes in one view and phase']);
  assert.equal(
    refusals(table.hear(a, { ...table.vote(b, 'commit', X), seat: table.leader } as SeatMessage)),
    ['E_SIG'],
  );
  assert.equal(refusals(table.hear(a, { ...table.propose(X), seat: b } as SeatMessage)), ['not the leader']);
  assert.equal(table.hear(a, { ...table.vote(b, 'commit', X), seat: 9 } as SeatMessage), []);
  assert.equal(
    table.logs[a]!.map((entry) => entry.phase),
    ['prepare'],
  );
});

test('in view 0 there is nothing that a new view could rest on', () => {
  const table = new Table();
  const proposal = table.propose(table.header(1));
  assert.ok(proposal.type === 'proposal');
  const change = table.timeOut(table.others[1]!);
  assert.ok(change.length > 0);
  const viewChange = table.viewChangeOf(table.others[1]!);
  assert.ok(viewChange.type === 'viewChange');
  const outputs = table.hear(table.others[0]!, { ...proposal, newView: { viewChanges: [viewChange] } });
  assert.ok(refusals(outputs).length === 1);
});

test('no vote before the own check; a late yes is a yes', () => {
  const table = new Table();
  const [a, b, c] = table.others as [number, number, number];
  const X = table.header(1);
  const proposal = table.propose(X);
  assert.equal(sends(table.hear(a, proposal, false)), []);
  for (const seat of [b, c, table.leader])
    for (const phase of ['prepare', 'commit'] as const)
      assert.not.ok(decides(table.hear(a, table.vote(seat, phase, X))));
  const outputs = table.perform(a, table.seats[a]!.checked(headerId(X), true, 0));
  assert.ok(decides(outputs), 'others certified it already');
});

test('a bad proposal is met with silence', () => {
  const table = new Table();
  const [a, b, c] = table.others as [number, number, number];
  const X = table.header(1);
  table.hear(a, table.propose(X), false);
  assert.equal(table.seats[a]!.checked(headerId(X), false, 0), []);
  for (const seat of [b, c, table.leader])
    assert.equal(sends(table.hear(a, table.vote(seat, 'prepare', X))), []);
});

test('having asked for a higher view, a seat signs nothing in a lower one [BFT-4]', () => {
  const table = new Table();
  const [a, b, c] = table.others as [number, number, number];
  const X = table.header(1);
  const proposal = table.propose(X);
  table.timeOut(a);
  assert.is(table.seats[a]!.view, 1);
  for (const message of [proposal, ...[b, c, table.leader].map((seat) => table.vote(seat, 'prepare', X))])
    assert.equal(sends(table.hear(a, message)), []);
  table.restart(a);
  for (const message of [proposal, ...[b, c, table.leader].map((seat) => table.vote(seat, 'prepare', X))])
    assert.equal(sends(table.hear(a, message)), []);
  assert.equal(
    table.logs[a]!.map((entry) => `${entry.phase}/${entry.view}`),
    ['view-change/1'],
  );
});

test('f+1 view-changes are joined, f are not; the timer runs once q are held [BFT-7]', () => {
  const table = new Table();
  const [a, b, c] = table.others as [number, number, number];
  table.timeOut(b);
  table.hear(a, table.viewChangeOf(b));
  assert.is(table.seats[a]!.view, 0, 'one may be lying');
  table.timeOut(c);
  table.hear(a, table.viewChangeOf(c));
  assert.is(table.seats[a]!.view, 1);
  assert.ok(table.seats[a]!.wakeAt > table.nowMs && Number.isFinite(table.seats[a]!.wakeAt));

  const alone = new Table();
  alone.timeOut(a);
  const resent = alone.seats[a]!.wakeAt;
  alone.nowMs = resent;
  assert.equal(sends(alone.tick(a)), ['viewChange'], 'said again meanwhile');
  for (let i = 0; i < 50; i++) {
    alone.nowMs = alone.seats[a]!.wakeAt;
    alone.tick(a);
  }
  assert.is(alone.seats[a]!.view, 1, 'alone it goes no further');
});

test('view timers double up to a cap', () => {
  const table = new Table();
  const [a, b, c] = table.others as [number, number, number];
  const waits: number[] = [];
  for (let view = 1; view <= 8; view++) {
    for (const seat of [a, b, c]) if (table.seats[seat]!.view < view) table.timeOut(seat);
    for (const seat of [a, b, c])
      for (const other of [a, b, c]) if (seat !== other) table.hear(seat, table.viewChangeOf(other));
    assert.equal(
      [a, b, c].map((seat) => table.seats[seat]!.view),
      [view, view, view],
    );
    const startedMs = table.nowMs;
    assert.ok(Number.isFinite(table.seats[a]!.wakeAt));
    // Nobody proposes; only retransmissions come before the timer.
    table.timeOut(a);
    waits.push(table.nowMs - startedMs);
  }
  const { viewTimeoutMs, viewTimeoutMaxMs } = rulesOf(table.committee);
  for (const [i, wait] of waits.entries()) {
    const expected = Math.min(viewTimeoutMs * 2 ** (i + 1), viewTimeoutMaxMs);
    assert.ok(
      Math.abs(wait - expected) <= viewTimeoutMs,
      `view ${i + 1}: waited ${wait}, expected ${expected}`,
    );
  }
});

test('a restarted seat signs the same again, never another value, and shows what was prepared [BFT-1]', () => {
  const table = new Table();
  const [a, b, c] = table.others as [number, number, number];
  const [X, Y] = [table.header(1), table.header(2)];
  const proposal = table.propose(X);
  table.hear(a, proposal);
  table.hear(a, table.vote(b, 'prepare', X));
  table.hear(a, table.vote(table.leader, 'prepare', X));
  assert.equal(
    table.logs[a]!.map((entry) => entry.phase),
    ['prepare', 'commit'],
  );

  table.restart(a);
  const other = new Table();
  assert.equal(sends(table.hear(a, other.propose(Y))), [], 'the leader shows another value now');
  table.restart(a);
  assert.equal(sends(table.hear(a, proposal)), ['prepare']);
  table.hear(a, table.vote(b, 'prepare', X));
  const outputs = table.hear(a, table.vote(table.leader, 'prepare', X));
  assert.equal(sends(outputs), ['commit'], 'its commit may have been lost with it');
  assert.is(table.logs[a]!.length, 2, 'and needs no new line');

  table.restart(a);
  table.timeOut(a);
  const change = table.viewChangeOf(a);
  assert.ok(
    change.type === 'viewChange' &&
      change.prepared !== undefined &&
      equalBytes(headerId(change.prepared.header), headerId(X)),
  );
  assert.is(table.hear(c, change).filter((output) => output.type === 'refused').length, 0);
});

test('a seat that died after logging its view-change says it again, and soon', () => {
  const table = new Table();
  const [a, b, c] = table.others as [number, number, number];
  for (const seat of [a, b, c]) table.timeOut(seat);
  for (const seat of [a, b, c]) {
    table.sent[seat] = [];
    table.restart(seat);
    assert.is(table.seats[seat]!.view, 1);
    assert.ok(table.seats[seat]!.wakeAt <= table.nowMs);
    assert.equal(sends(table.tick(seat)), ['viewChange']);
  }
  for (const seat of [a, b, c])
    for (const other of [a, b, c]) if (seat !== other) table.hear(seat, table.viewChangeOf(other));
  const next = table.committee.leader(HEIGHT, 1);
  assert.ok(table.seats[next]!.mayPropose);
});

test('a seat that restarts in a view it had entered by a proposal asks for higher views only', () => {
  const table = new Table();
  const X = table.header(1);
  const next = table.committee.leader(HEIGHT, 1);
  for (const seat of table.others) table.timeOut(seat);
  for (const seat of table.others) if (seat !== next) table.hear(next, table.viewChangeOf(seat));
  table.perform(next, table.seats[next]!.propose(X, new Uint8Array(0), undefined, table.nowMs));
  const proposal = table.sent[next]!.find((message) => message.type === 'proposal' && message.view === 1)!;
  // The leader of view 0 never asked for view 1; the proposal takes it there.
  const late = table.leader;
  table.logs[late] = [];
  table.restart(late);
  table.hear(late, proposal);
  assert.equal(
    table.logs[late]!.map((entry) => `${entry.phase}/${entry.view}`),
    ['prepare/1'],
  );
  table.restart(late);
  assert.is(table.seats[late]!.view, 1);
  table.timeOut(late);
  const change = table.viewChangeOf(late);
  assert.ok(change.type === 'viewChange' && change.view === 2);
});

test('an observer counts and decides with the others, and says nothing', () => {
  const table = new Table();
  const observer = new PbftHeight(HEIGHT, rulesOf(table.committee), undefined);
  const X = table.header(1);
  const outputs: PbftOutput[] = [
    ...observer.receive(table.propose(X), 0),
    ...observer.checked(headerId(X), true, 0),
  ];
  for (const seat of [0, 1, 2]) outputs.push(...observer.receive(table.vote(seat, 'commit', X), 0));
  assert.equal(
    outputs.map((output) => output.type),
    ['check', 'decided'],
  );
  assert.is(observer.wakeAt, Number.POSITIVE_INFINITY);
});

test('votes of views far ahead take no room', () => {
  const table = new Table();
  const [a, b] = table.others as [number, number];
  for (const view of [5, 6, 1_000, Number.MAX_SAFE_INTEGER]) {
    const vote = table.vote(b, 'commit', table.header(1), view);
    assert.equal(table.hear(a, vote), []);
    assert.equal(
      table.hear(a, { ...vote, headerId: hashOf(view % 1_000) } as SeatMessage),
      [],
      'not even looked at',
    );
  }
});

// ---- schedules

const SCHEDULES = 150;
for (const seats of [4, 5, 6, 7]) {
  test(`n = ${seats}: agreement, and progress once calm, in ${SCHEDULES} hostile schedules`, () => {
    const totals = { restarts: 0, lost: 0, forged: 0, highestView: 0 };
    let accused = 0;
    for (let seed = 1_000 * seats; seed < 1_000 * seats + SCHEDULES; seed++) {
      const schedule = new Schedule({ seed, seats, steps: 250 });
      const failure = schedule.run();
      assert.is(failure, undefined, `seed ${seed}: ${failure}`);
      for (const name of ['restarts', 'lost', 'forged'] as const) totals[name] += schedule.counts[name];
      totals.highestView = Math.max(totals.highestView, schedule.counts.highestView);
      accused += schedule.accused.length;
    }
    assert.ok(accused > 50, `liars are noticed: ${accused}`);
    // Or they were no hostile ones.
    assert.ok(
      totals.restarts > 300 && totals.lost > 200 && totals.forged > 1_000 && totals.highestView >= 3,
      JSON.stringify(totals),
    );
  });
}

test('canary: seats that forget what they signed are caught disagreeing', () => {
  let caught: string | undefined;
  for (let seed = 1; seed <= 600 && caught === undefined; seed++) {
    const failure = new Schedule({ seed, seats: 4, steps: 600, forgetful: true }).run();
    if (failure?.includes('decided differently')) caught = failure;
  }
  assert.ok(caught !== undefined);
  assert.is(toHex(zero32).length, 64);
});

test.run();
