/**
 * Whatever the arrival, one outcome (R001, R045, R063; semantics §7: 24 and 25): real vertices over a real DAG, ordered
 * and executed as a node does, with every arrival drawn at random.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Committee } from '../checkpoint/committee.ts';
import { type ExecutionContext, execute } from '../checkpoint/execute.ts';
import type { Header } from '../checkpoint/header.ts';
import { checkVertexProof, outcomeCode, outcomesRoot, proveVertex } from '../checkpoint/outcome.ts';
import { beginEpoch } from '../checkpoint/succession.ts';
import { compareBytes, toHex } from '../codec/bytes.ts';
import { findBreaches, findDivergence, findRaceBreaches, type Run } from '../contracts/invariants.ts';
import { encumbrance } from '../contracts/objects/encumbrance.ts';
import { account, accountId } from '../contracts/objects/money.ts';
import { pledge } from '../contracts/objects/pledge.ts';
import { callRecord } from '../contracts/registry.ts';
import { defaultCommitteeRules, seatRulesOf } from '../contracts/seats/rules.ts';
import { Draft } from '../contracts/state.ts';
import type { Transition } from '../contracts/transition.ts';
import { agreePledge } from '../contracts/transitions/agree-pledge.ts';
import { withdraw } from '../contracts/transitions/application.ts';
import { moveOut } from '../contracts/transitions/move-out.ts';
import { payByThing } from '../contracts/transitions/pay-by-thing.ts';
import { transferTitle } from '../contracts/transitions/transfer.ts';
import { zero32 } from '../crypto/hash.ts';
import { OpenDag } from '../dag/open-dag.ts';
import { type OrderRules, orderCone } from '../dag/order.ts';
import { emptyRoot } from '../merkle/tree.ts';
import { callId, callPayloadHash, type SignedCall, signedCall } from '../vertex/call.ts';
import { signVertex, type Vertex, type VertexHeader } from '../vertex/vertex.ts';
import { codeOf, OTHER_SSCC, QUANTITY, Story, storyAt } from './contract-story.ts';
import { type ArgsOf, idOf, network, signerOf, World } from './contract-world.ts';
import { euros } from './loan-steps.ts';
import { thingAt, truckEuros } from './thing-steps.ts';
import { Chance } from './walk-random.ts';

const order = suite('order of contracts');

const ARRIVALS = 10_000;
const DELIVERIES = 1_000;
const seats = ['bankA', 'bankB', 'monitor', 'monitor2'] as const;

const committee = new Committee({
  ...{ epoch: 0, firstHeight: 0, lastHeight: Number.MAX_SAFE_INTEGER },
  seats: seats.map((name) => signerOf(name).publicKey),
});
const rules: OrderRules = {
  seats: new Map(seats.map((name, seat) => [toHex(signerOf(name).publicKey), seat])),
  quorum: 3,
  faults: 1,
  previousHeader: zero32,
};

/** Vertices of many authors, each author's in a chain. */
class Pen {
  readonly vertices: Vertex[] = [];
  readonly #ends = new Map<string, Vertex>();

  write(author: string, fields: Partial<VertexHeader>, payload: Uint8Array = new Uint8Array(0)): Vertex {
    const end = this.#ends.get(author);
    const header = {
      ...{ network, sequence: (end?.sequence ?? 0) + 1, previous: end?.id ?? zero32, checkpoint: zero32 },
      ...{ parents: [], time: 0, kind: 'witness' as const, payloadHash: zero32 },
      ...fields,
    };
    const vertex = signVertex(header, payload, signerOf(author));
    this.#ends.set(author, vertex);
    this.vertices.push(vertex);
    return vertex;
  }

  carry(author: string, call: SignedCall): Vertex {
    const fields = { kind: 'transaction', payloadHash: callPayloadHash(call) } as const;
    return this.write(author, fields, signedCall.encode(call));
  }

  witness(seat: string, time: number, parents: readonly Vertex[]): Vertex {
    return this.write(seat, { time, parents: parents.map(({ id }) => id).sort(compareBytes) });
  }
}

/** What every node makes of vertices that reach it in this order: each waits until its ancestors are here. */
function orderOf(arrival: readonly Vertex[], anchor: Vertex): Vertex[] {
  const dag = new OpenDag(16);
  let waiting = [...arrival];
  while (waiting.length > 0) {
    const left = waiting.filter((vertex) => dag.add(vertex, 0).kind === 'missing');
    assert.ok(left.length < waiting.length, 'something enters in each round');
    waiting = left;
  }
  const cone = dag.cone(dag.get(anchor.key)!);
  return orderCone(cone, rules).map(({ vertex }) => vertex);
}

function shuffled<T>(items: readonly T[], chance: Chance): T[] {
  const drawn = [...items];
  for (let i = drawn.length - 1; i > 0; i--) {
    const j = chance.below(i + 1);
    [drawn[i], drawn[j]] = [drawn[j]!, drawn[i]!];
  }
  return drawn;
}

function contextOf(world: World): ExecutionContext {
  const time = world.time + 250;
  return {
    ...{ network, policy: world.policy, height: world.height + 1, time, previousTime: world.time },
    ...{ recentHeaders: new Map(), seating: committee },
    seatRules: seatRulesOf(defaultCommitteeRules, 86_400_000),
  };
}

/** Executes on a copy of the world, which goes on from there. */
function run(ordered: readonly Vertex[], from: World) {
  const world = from.fork();
  const epoch = new Draft(world.state);
  beginEpoch(epoch, committee, false);
  world.state.commit(epoch.changes(), world.state.rootAfter(epoch.changes()));
  const context = contextOf(world);
  const { outcomes, changes, map } = execute(ordered, world.state, context);
  world.state.commit(changes, map);
  world.height = context.height;
  world.time = context.time;
  return { world, outcomes, context };
}

/** Everybody wants the same goods: pledges of two banks, sale, withdrawal, exit, and copies of all of it. */
function conflicts(): { readonly world: World; readonly calls: readonly SignedCall[] } {
  const world = World.enrolled();
  const calls: SignedCall[] = [];
  const add = <A>(declared: Transition<A>, args: A, by: readonly string[]): void =>
    void calls.push(world.compose(declared, args, by));
  for (const label of [undefined, OTHER_SSCC]) {
    const first = new Story(world, label === undefined ? {} : { label }).reach('approved');
    const second = first.rival('approved');
    for (const { bank, loan, unit } of [first, second]) {
      for (const quantity of [QUANTITY, 600_000]) {
        const args: ArgsOf<typeof agreePledge> = {
          ...{ unit, quantity, receipt: undefined, behind: undefined, line: undefined },
          ...{ loan, ceiling: 900_000 },
        };
        add(agreePledge, args, ['acme', bank]);
      }
      add(withdraw, { loan }, ['acme']);
    }
    if (label !== undefined) add(transferTitle, { unit: first.unit, to: idOf('zenith') }, ['acme', 'zenith']);
    const out = { receipt: undefined, release: undefined, reference: 'DO-1' };
    const evidence = world.count('1000', 40);
    add(moveOut, { unit: first.unit, quantity: QUANTITY, packages: 40, ...out, evidence }, [
      'warehouse',
      'monitor',
    ]);
  }
  return { world, calls };
}

order(`${ARRIVALS} random arrivals of one conflict-rich set give one order and one state root`, () => {
  const { world, calls } = conflicts();
  const chance = new Chance(63);
  const pen = new Pen();
  const authors = ['acme', 'zenith', 'warehouse', 'carrier', 'appraiser', 'resolver', 'bankA', 'bankB'];
  for (const [index, call] of [...calls, ...calls.slice(0, 8)].entries())
    pen.carry(authors[index % authors.length]!, call);
  const carried = [...pen.vertices];
  // Each seat sees them in an order and at times of its own, in two rounds.
  for (const round of [0, 1])
    for (const seat of seats) {
      const seen = shuffled(carried, chance).slice(0, 8 + 8 * round);
      pen.witness(seat, 1000 * round + chance.below(900), seen);
    }
  const last = pen.vertices.slice(-4);
  const anchor = pen.witness('monitor', 3000, [...last, ...carried.slice(-8)]);

  const runs = new Map<string, Run>();
  let confirmed = 0;
  for (let i = 0; i < ARRIVALS; i++) {
    const ordered = orderOf(shuffled(pen.vertices, chance), anchor);
    const name = ordered.map(({ key }) => key).join();
    if (runs.has(name)) continue;
    // A node that ordered otherwise would be executed, and found out, here.
    const done = run(ordered, world);
    confirmed = ordered.length;
    runs.set(name, { root: toHex(done.world.state.map.root), codes: done.outcomes.map(outcomeCode) });
    assert.equal(findBreaches(done.world), []);
  }
  assert.equal(findDivergence([...runs.values()]), []);
  assert.is(runs.size, 1);
  const [only] = runs.values();
  const codes = new Set(only!.codes);
  assert.ok(confirmed >= 20 && codes.size >= 4, `${confirmed} confirmed: ${[...codes].join(' ')}`);
});

order('another order gives another root: the check can fail', () => {
  const { world, calls } = conflicts();
  const pen = new Pen();
  const vertices = calls.slice(0, 8).map((call, index) => pen.carry(`${index}` as string, call));
  // Authors are enrolled parties: names alone would not do.
  assert.is(run(vertices, world).outcomes.map(outcomeCode).includes('OK'), false);
  const own = new Pen();
  const carried = calls
    .slice(0, 4)
    .map((call, index) => own.carry(['acme', 'zenith', 'bankA', 'bankB'][index]!, call));
  const runs = [carried, [...carried].reverse()].map((ordered): Run => {
    const done = run(ordered, world);
    return { root: toHex(done.world.state.map.root), codes: done.outcomes.map(outcomeCode) };
  });
  assert.is(findDivergence(runs).length, 1);
});

order(
  `R001: two banks, one SSCC, ${DELIVERIES} random deliveries: one PERFECTED, the other refused with proof`,
  () => {
    const story = storyAt('approved');
    const rival = story.rival('approved');
    const chance = new Chance(1);
    const won = { bankA: 0, bankB: 0 };
    const calls = [story, rival].map(({ world, bank, loan, unit }) => {
      const args: ArgsOf<typeof agreePledge> = {
        ...{ unit, quantity: QUANTITY, receipt: undefined, behind: undefined, line: undefined },
        ...{ loan, ceiling: 1_000_000 },
      };
      return world.compose(agreePledge, args, ['acme', bank]);
    });
    for (let i = 0; i < DELIVERIES; i++) {
      const pen = new Pen();
      const carried = calls.map((call, index) => pen.carry(seats[index]!, call));
      // Every seat meets the two at times of its own.
      const witnesses = shuffled(seats, chance).flatMap((seat) =>
        shuffled(carried, chance).map((vertex) => ({ seat, vertex, time: chance.below(1000) })),
      );
      for (const seat of seats) {
        const own = witnesses.filter((entry) => entry.seat === seat).sort((a, b) => a.time - b.time);
        for (const [index, { vertex, time }] of own.entries())
          pen.witness(seat, 1 + 2 * time + index, [vertex]);
      }
      const anchor = pen.witness('monitor', 3000, pen.vertices.slice(2));
      const ordered = orderOf(shuffled(pen.vertices, chance), anchor);
      const { world, outcomes, context } = run(ordered, story.world);

      const ends = calls.map((call, index) => {
        const outcome = outcomes.find(({ id }) => toHex(id) === carried[index]!.key)!;
        return {
          code: outcomeCode(outcome),
          id: toHex(callId(call.header)),
          conflict: toHex(outcome.conflict),
        };
      });
      assert.equal(findRaceBreaches(ends), []);
      const first = ends[0]!.code === 'OK' ? 0 : 1;
      const loser = ends[1 - first]!;
      assert.is(loser.code, 'E_ENCUMBERED');

      // The winner is perfected, and nobody else.
      const winner = [story, rival][first]!.fork(world);
      winner.pledge = callId(calls[first]!.header);
      assert.is(codeOf(winner.perfect()), 'OK');
      assert.is(world.read(pledge, winner.pledge).state, 'PERFECTED');
      assert.is(world.read(encumbrance, winner.unit).entries.length, 1);
      won[winner.bank as 'bankA' | 'bankB'] += 1;

      // The refusal's conflict leads to the winner's call, its vertex, and the proof that it took effect.
      const vertexId = world.read(callRecord, winner.pledge).vertex;
      const index = outcomes.findIndex(({ id }) => toHex(id) === toHex(vertexId));
      const header: Header = {
        ...{ suite: 1, network, epoch: 0, height: context.height, previous: zero32, time: context.time },
        ...{ anchor: anchor.id, outcomesRoot: outcomesRoot(outcomes), outcomesCount: outcomes.length },
        ...{ stateRoot: world.state.map.root, historyRoot: emptyRoot },
        ...{ committeeHash: committee.hash, nextCommitteeHash: committee.hash },
      };
      const vertex = carried.find(({ key }) => key === toHex(vertexId))!;
      const proof = proveVertex(vertex, outcomes, index, header);
      assert.ok(checkVertexProof(proof, network).ok);
      assert.is(outcomeCode(proof.outcome), 'OK');
    }
    assert.ok(won.bankA > 100 && won.bankB > 100, `either may win: ${JSON.stringify(won)}`);
  },
);

const SPENDS = 100;

order(
  `R107: ${SPENDS} payments of one thing, carried by five authors, in any order: never more than its mandate`,
  () => {
    const chance = new Chance(107);
    const doors = ['acme', 'zenith', 'warehouse', 'carrier', 'appraiser'];
    const refusedBy = new Map<unknown, number>();
    const ends = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const story = thingAt('opened');
      const limits = {
        amountMax: 2_000,
        windowAmount: 5_000 + chance.below(30_000),
        windowCount: 2 + chance.below(30),
      };
      story.give(limits);
      const { world, mandate: id } = story;
      const pen = new Pen();
      const calls = new Map<string, SignedCall>();
      for (let i = 0; i < SPENDS; i++) {
        const spend = {
          mandate: id,
          means: truckEuros,
          payee: idOf('carrier'),
          payeeThing: undefined,
          content: 'toll',
        };
        const amount = 1 + chance.below(2_000);
        const call = world.compose(payByThing, { ...spend, amount, event: story.event() }, ['truck']);
        calls.set(pen.carry(doors[i % doors.length]!, call).key, call);
      }
      const carried = [...pen.vertices];
      for (const at of [0, 1])
        for (const seat of seats) {
          const seen = shuffled(carried, chance).slice(0, 60);
          pen.witness(seat, 1 + 1000 * at + chance.below(900), seen);
        }
      for (const seat of seats)
        pen.witness(
          seat,
          2000 + chance.below(900),
          doors.map((_, i) => carried.at(-1 - i)!),
        );
      const anchor = pen.witness('monitor', 3000, pen.vertices.slice(-4));
      const ordered = orderOf(shuffled(pen.vertices, chance), anchor);
      let spent = 0;
      let count = 0;
      for (const { key } of ordered) {
        const call = calls.get(key);
        if (call === undefined) continue;
        calls.delete(key);
        const { refusal } = world.execute(call);
        if (refusal === undefined) {
          count += 1;
          spent = world.read(account, accountId(euros(), idOf('carrier'))).balance;
        } else {
          refusedBy.set(refusal.code, (refusedBy.get(refusal.code) ?? 0) + 1);
        }
        assert.ok(spent <= limits.windowAmount && count <= limits.windowCount, `${spent} in ${count}`);
      }
      assert.is(calls.size, 0, 'all are confirmed');
      assert.equal(findBreaches(world), []);
      ends.add(`${spent} ${count}`);
    }
    assert.equal([...refusedBy.keys()].sort(), ['E_MANDATE_AMOUNT', 'E_MANDATE_FREQUENCY'], 'both are met');
    assert.ok(ends.size > 10);
  },
);

order.run();
