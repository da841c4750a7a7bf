/** The checker sees what it is there for: each check is given something that is wrong, and must say so, and when. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeQuorum, phaseDomain, voteBytes } from '../../consensus/checkpoint/certificate.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { makeOutcome, outcomesRoot } from '../../consensus/checkpoint/outcome.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { orderHead } from '../../consensus/contracts/objects/order-receipt.ts';
import { chain } from '../../consensus/contracts/registry.ts';
import { Draft, LedgerState } from '../../consensus/contracts/state.ts';
import { signDigest } from '../../consensus/crypto/ed25519.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { callId } from '../../consensus/vertex/call.ts';
import type { Event, Notice } from '../../node/replica/events.ts';
import { PARKED_MAX } from '../../node/replica/parking.ts';
import { Checker } from '../checker/checker.ts';
import { checkRace } from '../checker/races.ts';
import { Disk } from '../disk.ts';
import type { ScheduledFault } from '../faults/schedule.ts';
import { Desk } from '../load/desk.ts';
import { PledgeRace } from '../load/race.ts';
import { Random } from '../random.ts';
import { run } from '../run.ts';
import type { RunResult } from '../run-result.ts';
import { defaultSettings, type Settings } from '../settings.ts';
import { World } from '../world.ts';

const test = suite('checker');
type CheckpointNotice = Extract<Notice, { type: 'checkpoint' }>;
const author: Event = { type: 'author', kind: 'readings', payload: new Uint8Array(0), payloadHash: zero32 };
const short: Settings = {
  ...defaultSettings,
  durationMs: 6_000,
  load: { verticesPerS: 10, pledgeRacesPerMin: 0 },
};

/** What four honest seats called final, and a checker that has seen the first three heights at seat 0. */
async function history(): Promise<{ world: World; checker: Checker; notices: CheckpointNotice[] }> {
  const world = await World.open({ seed: 3, seats: 4 });
  const notices: CheckpointNotice[] = [];
  world.onNotice = (node, notice) => {
    if (node.number === 0 && notice.type === 'checkpoint') notices.push(notice);
  };
  for (let i = 0; notices.length < 5; i++) {
    world.nodes[i % 4]!.runner!.dispatch(author);
    await world.run(100);
  }
  const checker = new Checker(world, world.nodes);
  for (const notice of notices.slice(0, 3)) checker.onNotice(world.nodes[0]!, notice);
  assert.is(checker.failure, undefined);
  return { world, checker, notices };
}

/** The checkpoint with another header, signed by so many seats. */
function forge(
  world: World,
  notice: CheckpointNotice,
  changes: Partial<Header>,
  voters = 4,
): CheckpointNotice {
  const header = { ...notice.header, ...changes };
  const { network, committee } = world.genesis;
  const { height } = header;
  const subject = {
    network,
    committeeHash: committee.hash,
    height,
    view: 0,
    headerId: headerId(header),
    newView: zero32,
  };
  const signatures = world.nodes
    .slice(0, voters)
    .map(
      ({ signer }, seat) =>
        [seat, signDigest(signer, phaseDomain.commit, network, voteBytes(subject))] as const,
    );
  return {
    ...notice,
    header,
    certificate: { height, view: 0, quorum: makeQuorum(new Map(signatures), committee) },
  };
}

type Plant = (past: Awaited<ReturnType<typeof history>>) => void;
const forgeries: readonly [what: string, verdict: string, check: string, Plant][] = [
  [
    'another header of a height',
    'diverged',
    'agreement',
    ({ world, checker, notices: [first, second] }) => {
      checker.onNotice(world.nodes[1]!, first!);
      checker.onNotice(world.nodes[1]!, forge(world, second!, { time: second!.header.time + 1 }));
    },
  ],
  [
    'a certificate of q − 1 seats',
    'invariant broken',
    'validity',
    ({ world, checker, notices }) => checker.onNotice(world.nodes[0]!, forge(world, notices[3]!, {}, 2)),
  ],
  [
    'a header that follows another',
    'invariant broken',
    'validity',
    ({ world, checker, notices }) =>
      checker.onNotice(world.nodes[0]!, forge(world, notices[3]!, { previous: notices[1]!.header.previous })),
  ],
  [
    'a time that does not grow',
    'invariant broken',
    'validity',
    ({ world, checker, notices }) =>
      checker.onNotice(world.nodes[0]!, forge(world, notices[3]!, { time: notices[2]!.header.time })),
  ],
  [
    'outcomes that are not under the root',
    'invariant broken',
    'validity',
    ({ world, checker, notices }) =>
      checker.onNotice(world.nodes[0]!, { ...notices[3]!, outcomes: notices[2]!.outcomes }),
  ],
  [
    'a height left out',
    'invariant broken',
    'validity',
    ({ world, checker, notices }) => checker.onNotice(world.nodes[0]!, notices[4]!),
  ],
  [
    'a height told twice',
    'invariant broken',
    'validity',
    ({ world, checker, notices }) => checker.onNotice(world.nodes[0]!, notices[2]!),
  ],
  [
    'a time that no clock can show',
    'invariant broken',
    'time',
    ({ world, checker, notices }) =>
      checker.onNotice(world.nodes[0]!, forge(world, notices[3]!, { time: world.nowMs + 3_600_000 })),
  ],
  [
    'a vertex that skips one of its author’s',
    'invariant broken',
    'chain',
    ({ world, checker, notices }) => {
      const vertices = notices[3]!.vertices.map((vertex) => ({ ...vertex, sequence: vertex.sequence + 1 }));
      checker.onNotice(world.nodes[0]!, { ...notices[3]!, vertices });
    },
  ],
  [
    'a vertex final for the second time',
    'invariant broken',
    'once',
    ({ world, checker, notices }) => {
      const { outcomes, vertices } = notices[0]!;
      const roots = { outcomesRoot: outcomesRoot(outcomes), outcomesCount: outcomes.length };
      checker.onNotice(world.nodes[0]!, { ...forge(world, notices[3]!, roots), outcomes, vertices });
    },
  ],
  [
    'an honest author’s vertex that is a fork',
    'invariant broken',
    'own chain',
    ({ world, checker, notices }) => {
      const outcomes = notices[3]!.outcomes.map(({ id }) => makeOutcome(id, 'E_FORK', zero32));
      const forged = forge(world, notices[3]!, { outcomesRoot: outcomesRoot(outcomes) });
      checker.onNotice(world.nodes[0]!, { ...forged, outcomes });
    },
  ],
];

for (const [what, verdict, check, plant] of forgeries) {
  test(`${what}: ${verdict}`, async () => {
    const past = await history();
    plant(past);
    const { failure } = past.checker;
    assert.is(failure?.verdict, verdict, failure?.what);
    assert.is(failure?.check, check, failure?.what);
    assert.is(failure?.event, past.world.time.events);
  });
}

test('the true history goes through', async () => {
  const { world, checker, notices } = await history();
  for (const notice of notices.slice(3)) checker.onNotice(world.nodes[0]!, notice);
  assert.is(checker.failure, undefined);
  assert.is(checker.heights, 5);
});

function assertFailed({ verdict, failure, trace }: RunResult, wanted: string, check: string): void {
  assert.is(verdict, wanted, JSON.stringify(failure));
  assert.is(failure!.check, check, failure!.what);
  assert.ok(failure!.atMs > 0 && failure!.event > 0);
  assert.ok(
    trace.some(({ where, what }) => where === 'checker' && what.includes(check)),
    'the trace shows it',
  );
}

test('a disk that is empty after a crash: loss', async () => {
  const faults: ScheduledFault[] = [{ kind: 'crash', atMs: 3_000, untilMs: 4_000, node: 1, power: false }];
  const forgetful = (world: World) => {
    const kill = world.kill.bind(world);
    world.kill = (node, kind) => {
      kill(node, kind);
      const options = { syncMs: [1, 2], losesWrites: true } as const;
      Object.assign(node, { store: new Disk(world.time, new Random(1, 'empty'), options) });
    };
  };
  assertFailed(await run(short, 1, { faults, prepare: forgetful }), 'invariant broken', 'loss');
  // The same crash on a disk that does its duty.
  assert.is((await run(short, 1, { faults })).verdict, 'passed');
});

test('a store that has lost one checkpoint among many: loss', async () => {
  const lossy = (world: World) => {
    const { store } = world.nodes[2]!;
    const { checkpoint } = store;
    store.checkpoint = async (height) => (height === 3 ? undefined : checkpoint(height));
  };
  assertFailed(await run(short, 1, { prepare: lossy }), 'invariant broken', 'loss');
});

test('a node whose state is not the certified one: diverged', async () => {
  const tamper = (world: World) => {
    world.time.after(3_000, () => {
      const { state } = world.nodes[1]!.runner!.replica.ledger;
      const draft = new Draft(state);
      const { publicKey } = world.nodes[2]!.signer;
      draft.put(chain, publicKey, { ...state.get(chain, publicKey)!, suspended: true }, [zero32, zero32]);
      const changes = draft.changes();
      state.commit(changes, state.rootAfter(changes));
    });
  };
  assertFailed(await run(short, 1, { prepare: tamper }), 'diverged', 'state');
});

test('a state that breaks an invariant of the contracts: its number', async () => {
  const plant = (world: World) => {
    const { makeState } = world.genesis;
    Object.assign(world.genesis, {
      makeState: () => {
        const state = makeState();
        const draft = new Draft(state);
        draft.put(orderHead, zero32, { newest: zero32, number: 1, call: zero32, height: 1 }, [
          zero32,
          zero32,
        ]);
        const changes = draft.changes();
        state.commit(changes, state.rootAfter(changes));
        return state;
      },
    });
  };
  assertFailed(await run(short, 1, { prepare: plant }), 'invariant broken', 'semantics 7');
});

test('a node that proves a vertex with another one’s outcome: proof', async () => {
  const lie = (world: World) => {
    const { store } = world.nodes[3]!;
    const { position } = store;
    store.position = async (key) => {
      const true_ = await position(key);
      return true_ && { ...true_, index: true_.index === 0 ? 1 : true_.index - 1 };
    };
  };
  assertFailed(await run(short, 1, { prepare: lie }), 'invariant broken', 'proof');
});

test('a queue beyond its bound: bounds', async () => {
  const swell = (world: World) => {
    world.time.after(2_000, () => {
      const { replica } = world.nodes[0]!.runner!;
      const { gauges } = replica;
      replica.gauges = () => ({ ...gauges.call(replica), parked: PARKED_MAX + 1 });
    });
  };
  assertFailed(await run(short, 1, { prepare: swell }), 'invariant broken', 'bounds');
});

test('a replica that throws: halt', async () => {
  const break_ = (world: World) => {
    world.time.after(2_000, () => {
      world.nodes[0]!.runner!.replica.step = () => {
        throw new Error('planted');
      };
    });
  };
  const result = await run(short, 1, { prepare: break_ });
  assertFailed(result, 'invariant broken', 'halt');
  assert.match(result.failure!.what, 'planted');
});

test('two of four seats say nothing: no progress, and no more than that', async () => {
  const result = await run({ ...short, byzantine: [{ kind: 'silent', count: 2 }] }, 1);
  assertFailed(result, 'no progress', 'finality');
  assert.is(result.heights, 0);
});

test('a run in which nobody accepts anything has shown nothing', async () => {
  const refuse = (world: World) => {
    const { start } = world;
    world.start = async (node) => {
      await start.call(world, node);
      node.runner!.dispatchDurable = async () => ({ type: 'none' });
    };
  };
  assertFailed(await run(short, 1, { prepare: refuse }), 'no progress', 'finality');
});

test('one node that never hears of anything keeps a run from passing', async () => {
  const isolate = (world: World) => {
    world.network.heal = () => {};
    const [alone, ...others] = world.nodes.map(({ key }) => key).reverse();
    world.network.partition([alone!], others, true);
  };
  const settings = { ...short, nodes: 5 };
  assertFailed(await run(settings, 1, { prepare: isolate }), 'no progress', 'finality');
});

test('a race whose end is wrong is seen as such', () => {
  const desk = new Desk(1);
  const race = new PledgeRace(desk, 1);
  assert.is(
    checkRace(race, () => [], LedgerState.of([])),
    'not run',
  );
  race.file([Uint8Array.of(1)], { certifiedMs: 1_000 });
  const [first, second] = race.pledge({ certifiedMs: 1_000 }).map((call) => toHex(callId(call.header)));
  const judge = (outcomes: Record<string, [code: Code, conflict: string][]>) => {
    const end = checkRace(
      race,
      (id) => (outcomes[id] ?? []).map(([code, conflict]) => ({ code, conflict })),
      LedgerState.of([]),
    );
    return typeof end === 'object' ? end.wrong : end;
  };
  const none = toHex(zero32);
  assert.is(judge({ [first!]: [['OK', none]] }), 'not run');
  assert.match(judge({ [first!]: [['OK', none]], [second!]: [['OK', none]] }), '2 pledges took effect');
  assert.match(
    judge({ [first!]: [['E_STATE', none]], [second!]: [['E_STATE', none]] }),
    '0 pledges took effect',
  );
  assert.match(
    judge({ [first!]: [['OK', none]], [second!]: [['E_ENCUMBERED', none]] }),
    'the loser got E_ENCUMBERED',
  );
  assert.match(
    judge({ [first!]: [['OK', none]], [second!]: [['E_STATE', first!]] }),
    'the loser got E_STATE',
  );
  // All as it must be, but the pledge is not in the state.
  const right = { [first!]: [['OK', none]], [second!]: [['E_ENCUMBERED', first!]] } as Parameters<
    typeof judge
  >[0];
  assert.match(judge(right), 'the pledge is not there');
});

test.run();
