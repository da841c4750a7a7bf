/** Execution `[ORD-3]` `[VTX-2]`: chains, forks, who may act, replay; the same order gives the same root. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Committee } from '../checkpoint/committee.ts';
import { type Execution, type ExecutionContext, execute } from '../checkpoint/execute.ts';
import { outcomeCode } from '../checkpoint/outcome.ts';
import { beginEpoch } from '../checkpoint/succession.ts';
import { asciiBytes, toHex } from '../codec/bytes.ts';
import { pausedMs } from '../contracts/clock.ts';
import { defaultPolicy } from '../contracts/policy.ts';
import { callRecord, chain, key, labelKey, party } from '../contracts/registry.ts';
import { defaultCommitteeRules, seatRulesOf } from '../contracts/seats/rules.ts';
import { Draft, LedgerState } from '../contracts/state.ts';
import { revokeKey } from '../contracts/transitions/revoke.ts';
import type { Signer } from '../crypto/ed25519.ts';
import { hash, zero32 } from '../crypto/hash.ts';
import {
  callId,
  callPayloadHash,
  composeCall,
  type SignedCall,
  signCall,
  signedCall,
} from '../vertex/call.ts';
import { signVertex, type Vertex, type VertexHeader } from '../vertex/vertex.ts';
import { hashOf } from './arbitraries.ts';
import { cheapSigner, installCheapSignatures } from './test-signer.ts';
import { Chance } from './walk-random.ts';

installCheapSignatures();
const test = suite('execute');

const network = hashOf(900);
const context: ExecutionContext = {
  network,
  policy: defaultPolicy,
  height: 1,
  time: 1_000_000,
  previousTime: 1_000_000,
  recentHeaders: new Map(),
  seating: new Committee({
    ...{ epoch: 0, firstHeight: 0, lastHeight: Number.MAX_SAFE_INTEGER },
    seats: [cheapSigner(1).publicKey],
  }),
  seatRules: seatRulesOf(defaultCommitteeRules, 86_400_000),
};
const [alice, bob, carol] = [1, 2, 3].map(cheapSigner) as [Signer, Signer, Signer];
const names = new Map([alice, bob, carol].map((signer, i) => [signer, ['alice', 'bob', 'carol'][i]!]));
const partyId = (signer: Signer) => labelKey(network, 'lei', names.get(signer)!);

function enrolled(...revoked: Signer[]): LedgerState {
  const draft = new Draft(LedgerState.of([]));
  const salts = [zero32, zero32] as const;
  for (const signer of [alice, bob, carol]) {
    draft.put(
      party,
      partyId(signer),
      {
        roles: ['bank'],
        lei: names.get(signer)!.padEnd(20, '0'),
        name: names.get(signer)!,
        address: '',
        controller: zero32,
      },
      salts,
    );
    const state = revoked.includes(signer) ? ('REVOKED' as const) : ('ACTIVE' as const);
    draft.put(key, signer.publicKey, { party: partyId(signer), kind: 'party', state, since: 0 }, salts);
  }
  beginEpoch(draft, context.seating, false);
  return LedgerState.of(draft.changes().map((change) => change.object!));
}

function vertex(
  author: Signer,
  sequence: number,
  previous: Uint8Array,
  fields: Partial<VertexHeader> = {},
  payload: Uint8Array = new Uint8Array(0),
): Vertex {
  const header = {
    network,
    sequence,
    previous,
    checkpoint: hashOf(3),
    parents: [],
    time: sequence,
    kind: 'readings' as const,
    payloadHash: zero32,
    ...fields,
  };
  return signVertex(header, payload, author);
}

/** A chain of plain vertices. */
function chainOf(author: Signer, length: number, salt = 0): Vertex[] {
  const vertices: Vertex[] = [];
  for (let sequence = 1; sequence <= length; sequence++)
    vertices.push(vertex(author, sequence, vertices.at(-1)?.id ?? zero32, { payloadHash: hashOf(salt) }));
  return vertices;
}

/** A call by which `signer`'s party ends `target`; anybody may carry it to the ledger. */
function revocation(signer: Signer, target: Uint8Array, nonce = 0): SignedCall {
  const values = revokeKey.args.encodeParts({ key: target });
  const composed = composeCall({
    network,
    transition: 'revoke-key',
    values,
    salts: [zero32, zero32],
    nonce: new Uint8Array(16).fill(nonce),
    deadline: context.time + 1,
  });
  return { ...composed, signatures: [signCall(composed, signer)] };
}

const carry = (call: SignedCall, author: Signer, sequence = 1, previous = zero32): Vertex =>
  vertex(
    author,
    sequence,
    previous,
    { kind: 'transaction', payloadHash: callPayloadHash(call) },
    signedCall.encode(call),
  );

const codesOf = (run: Execution): string[] => run.outcomes.map(outcomeCode);
const stateAfter = (run: Execution, state: LedgerState): LedgerState => {
  state.commit(run.changes, run.map);
  return state;
};

test('a chain that continues advances, each outcome names its vertex', () => {
  const state = enrolled();
  const vertices = chainOf(alice, 4);
  const run = execute(vertices, state, context);
  assert.equal(codesOf(run), ['OK', 'OK', 'OK', 'OK']);
  assert.equal(
    run.outcomes.map((outcome) => toHex(outcome.id)),
    vertices.map(({ key }) => key),
  );
  stateAfter(run, state);
  assert.equal(state.get(chain, alice.publicKey), {
    lastSequence: 4,
    lastId: vertices[3]!.id,
    topSequence: 4,
    suspended: false,
  });
  assert.equal(codesOf(execute([vertex(alice, 5, vertices[3]!.id)], state, context)), ['OK']);
});

//  a1 ── a2 ── a3
//   └─── b2 ── b3       the first branch in the order takes effect
test('a fork: the first branch takes effect, the other is E_FORK and names what it lost to, the key is suspended', () => {
  const state = enrolled();
  const [a1, a2] = chainOf(alice, 2) as [Vertex, Vertex];
  const b2 = vertex(alice, 2, a1.id, { payloadHash: hashOf(7) });
  const b3 = vertex(alice, 3, b2.id);
  const a3 = vertex(alice, 3, a2.id);
  const run = execute([a1, a2, b2, b3, a3], state, context);
  assert.equal(codesOf(run), ['OK', 'OK', 'E_FORK', 'E_FORK', 'E_KEY_SUSPENDED']);
  assert.equal(run.outcomes[2]!.conflict, a2.id);
  stateAfter(run, state);
  const after = state.get(chain, alice.publicKey)!;
  assert.equal(after, { lastSequence: 3, lastId: a3.id, topSequence: 3, suspended: true });
  // The top is the highest on any branch, so that the window's test for dead vertices holds for all of them.
  const b4 = vertex(alice, 4, b3.id);
  stateAfter(execute([b4], state, context), state);
  assert.is(state.get(chain, alice.publicKey)!.topSequence, 4);
  assert.is(state.get(chain, alice.publicKey)!.lastSequence, 3);
});

test('the other order of the branches gives the other winner', () => {
  const [a1, a2] = chainOf(alice, 2) as [Vertex, Vertex];
  const b2 = vertex(alice, 2, a1.id, { payloadHash: hashOf(7) });
  assert.equal(codesOf(execute([a1, b2, a2], enrolled(), context)), ['OK', 'OK', 'E_FORK']);
  const first = vertex(alice, 1, zero32, { payloadHash: hashOf(8) });
  const run = execute([first, a1], enrolled(), context);
  assert.equal(codesOf(run), ['OK', 'E_FORK']);
  assert.equal(run.outcomes[1]!.conflict, first.id);
});

test('a fork harms nobody but its author', () => {
  const run = execute(
    [...chainOf(alice, 1), ...chainOf(alice, 1, 5), ...chainOf(bob, 2)],
    enrolled(),
    context,
  );
  assert.equal(codesOf(run), ['OK', 'E_FORK', 'OK', 'OK']);
});

test('a revoked key’s vertices are confirmed and take no effect, from the very position of the revocation on', () => {
  assert.equal(codesOf(execute(chainOf(carol, 2), enrolled(carol), context)), [
    'E_KEY_REVOKED',
    'E_KEY_REVOKED',
  ]);
  const [before, after] = chainOf(carol, 2) as [Vertex, Vertex];
  const ends = carry(revocation(carol, carol.publicKey), bob);
  assert.equal(codesOf(execute([before, ends, after], enrolled(), context)), ['OK', 'OK', 'E_KEY_REVOKED']);
  // Neither does a call that it signs, whoever carries it.
  const late = carry(revocation(carol, carol.publicKey, 1), alice);
  const run = execute([ends, late], enrolled(), context);
  assert.equal(codesOf(run), ['OK', 'E_KEY_REVOKED']);
});

test('a call takes effect once, whoever carries it again', () => {
  const state = enrolled();
  const call = revocation(carol, carol.publicKey);
  const [first, second] = [carry(call, alice), carry(call, bob)];
  const run = execute([first, second], state, context);
  assert.equal(codesOf(run), ['OK', 'E_REPLAY']);
  assert.equal(run.outcomes[1]!.conflict, first.id, 'the vertex that carried it first');
  stateAfter(run, state);
  assert.equal(state.get(callRecord, callId(call.header))?.vertex, first.id);
  const again = carry(call, bob, 2, second.id);
  assert.equal(codesOf(execute([again], state, { ...context, height: 2 })), ['E_REPLAY']);
});

test('a refused call writes nothing but its author’s chain', () => {
  const state = enrolled();
  const refused = carry(revocation(bob, carol.publicKey), alice);
  const run = execute([refused], state, context);
  assert.equal(codesOf(run), ['E_ROLE']);
  assert.equal(
    run.changes.map((change) => change.object?.type),
    ['chain'],
  );
  assert.is(stateAfter(run, state).get(key, carol.publicKey)?.state, 'ACTIVE');
});

test('a suspended or forked author’s call has no effect, though the call itself is good', () => {
  const state = enrolled();
  const [one, other] = [vertex(alice, 1, zero32), vertex(alice, 1, zero32, { payloadHash: hashOf(7) })];
  const call = revocation(carol, carol.publicKey);
  const run = execute(
    [one, other, carry(call, alice, 2, one.id), carry(call, alice, 2, other.id)],
    state,
    context,
  );
  assert.equal(codesOf(run), ['OK', 'E_FORK', 'E_KEY_SUSPENDED', 'E_FORK']);
  assert.is(stateAfter(run, state).get(key, carol.publicKey)?.state, 'ACTIVE');
});

test('the checkpoint’s time is the only clock: a deadline that passed is E_EXPIRED', () => {
  const carried = carry(revocation(carol, carol.publicKey), alice);
  assert.equal(codesOf(execute([carried], enrolled(), { ...context, time: context.time + 1 })), ['OK']);
  assert.equal(codesOf(execute([carried], enrolled(), { ...context, time: context.time + 2 })), [
    'E_EXPIRED',
  ]);
});

test('the same order gives the same outcomes and the same root; executing changes nothing by itself', () => {
  const vertices = [
    ...chainOf(alice, 3),
    ...chainOf(bob, 2),
    carry(revocation(carol, carol.publicKey), carol),
  ];
  const state = enrolled();
  const before = toHex(state.map.root);
  const [first, second] = [execute(vertices, state, context), execute(vertices, state, context)];
  assert.is(toHex(state.map.root), before);
  assert.equal(first.outcomes, second.outcomes);
  assert.equal(first.map.root, second.map.root);
  assert.equal(execute(vertices, enrolled(), context).map.root, first.map.root);
  stateAfter(first, state);
  assert.equal(state.map.root, second.map.root);
  // In one checkpoint or in two: what is confirmed in the same order leaves the same state, but for recorded heights.
  const halves = enrolled();
  stateAfter(execute(vertices.slice(0, 3), halves, context), halves);
  stateAfter(execute(vertices.slice(3), halves, context), halves);
  assert.equal(halves.map.root, state.map.root);
});

test('an author without a key record cannot have got here; if one did, it takes no effect', () => {
  const nobody = cheapSigner(99);
  assert.equal(codesOf(execute(chainOf(nobody, 1), enrolled(), context)), ['E_KEY_REVOKED']);
  assert.equal(hash('label', asciiBytes('x')).length, 32);
});

test('a step of more than ten minutes between headers stops the clocks [CTR-11]', () => {
  const ten = 600_000;
  const clockAfter = (time: number, height = 2): number => {
    const state = enrolled();
    const { changes, map } = execute([], state, { ...context, height, time, previousTime: 1_000_000 });
    state.commit(changes, map);
    return pausedMs(state);
  };
  assert.is(clockAfter(1_000_000 + ten), 0);
  assert.is(clockAfter(1_000_001 + ten), ten + 1);
  assert.is(clockAfter(1_000_001 + ten, 1), 0, 'before the first checkpoint nothing was final');
});

test('what is remembered of authors within a checkpoint changes nothing: the same as one vertex at a time', () => {
  const chance = new Chance(11);
  const authors = [alice, bob, carol];
  const seen = new Set<string>();
  for (let round = 0; round < 300; round++) {
    const ends = new Map(authors.map((author) => [author, { sequence: 0, id: zero32 }]));
    const ordered: Vertex[] = [];
    for (let i = 0; i < 14; i++) {
      const author = authors[chance.below(3)]!;
      const end = ends.get(author)!;
      // Now and then a fork, a gap, or somebody's key revoked, be it the author's own.
      const sequence = Math.max(1, end.sequence + (chance.below(12) === 0 ? chance.below(3) : 1));
      const previous = chance.below(15) === 0 || sequence === 1 ? zero32 : end.id;
      const made =
        chance.below(8) === 0
          ? carry(
              revocation(authors[chance.below(3)]!, authors[chance.below(3)]!.publicKey, chance.below(3)),
              author,
              sequence,
              previous,
            )
          : vertex(author, sequence, previous, { payloadHash: hashOf(i), kind: 'readings' });
      ordered.push(made);
      // What does not continue the chain is left behind.
      if (sequence === end.sequence + 1 && previous === (sequence === 1 ? zero32 : end.id))
        ends.set(author, { sequence, id: made.id });
    }
    const state = enrolled();
    const together = execute(ordered, state, context);
    const rootAfter = toHex(together.map.root);
    const codes = codesOf(together);
    const single = enrolled();
    const apart = ordered.flatMap((one) => {
      const run = execute([one], single, context);
      stateAfter(run, single);
      return codesOf(run);
    });
    assert.equal(codes, apart);
    assert.is(rootAfter, toHex(single.map.root));
    for (const code of codes) seen.add(code);
  }
  for (const code of ['OK', 'E_FORK', 'E_KEY_SUSPENDED', 'E_KEY_REVOKED', 'E_REPLAY'])
    assert.ok(seen.has(code), `${code} in ${[...seen]}`);
});

test.run();
