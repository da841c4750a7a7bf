/**
 * Offences `[BFT-2]`: which pairs of sayings prove one, that nothing but their bytes decides, that the watch and the
 * height's machine find them, and that findGuilty names who made two certificates of one height (R050).
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeQuorum, voteBytes } from '../checkpoint/certificate.ts';
import { headerId } from '../checkpoint/header.ts';
import { toHex } from '../codec/bytes.ts';
import type { Signer } from '../crypto/ed25519.ts';
import { signDigest } from '../crypto/ed25519.ts';
import { zero32 } from '../crypto/hash.ts';
import { PbftHeight } from '../pbft/height.ts';
import { type NewViewProof, newViewHash, type PreparedProof, viewChangeBytes } from '../pbft/messages.ts';
import { type Decision, findGuilty, findOutside, OffenceWatch } from '../pbft/offence.ts';
import type { PbftOutput, SeatMessage } from '../pbft/outputs.ts';
import {
  checkOffence,
  makeOffence,
  type Offence,
  offence,
  offenceBytesMax,
  offencePayloadHash,
} from '../vertex/offence.ts';
import { type Saying, sayingDomain } from '../vertex/sayings.ts';
import { checkPayload } from '../vertex/vertex.ts';
import { hashOf } from './arbitraries.ts';
import { chanceOf } from './dice.ts';
import { HEIGHT, headerOf, makeCommittee, network, rulesOf } from './pbft-schedule.ts';
import { installCheapSignatures } from './test-signer.ts';

installCheapSignatures();
const test = suite('offence');
const { committee, signers } = makeCommittee(4);
const [liar] = signers as [Signer, ...Signer[]];
const about = { key: liar.publicKey, committee: committee.hash, height: HEIGHT };
const [A, B] = [hashOf(0xa), hashOf(0xb)];

type Phase = keyof typeof sayingDomain;

function vote(phase: Phase, view: number, id: Uint8Array, newView = zero32, signer = liar): Saying {
  const body = voteBytes({
    ...{ network, committeeHash: committee.hash, height: HEIGHT, view, headerId: id, newView },
  });
  const signature = signDigest(signer, sayingDomain[phase], network, body);
  return { type: 'vote', phase, view, headerId: id, newView, signature };
}

function change(view: number, preparedView: number, preparedId = zero32, signer = liar): Saying {
  const prepared = preparedView < 0 ? undefined : { view: preparedView, headerId: preparedId };
  const body = viewChangeBytes({ network, committeeHash: committee.hash, height: HEIGHT, view, prepared });
  const signature = signDigest(signer, 'view-change', network, body);
  return { type: 'viewChange', view, preparedIn: preparedView + 1, preparedId, signature };
}

const judge = (...sayings: readonly [Saying] | readonly [Saying, Saying]): string => {
  const checked = checkOffence(makeOffence(about, ...sayings), network);
  return checked.ok ? checked.value : checked.code;
};

test('what is an offence, and what an honest seat may have signed', () => {
  for (const phase of ['proposal', 'prepare', 'commit'] as const) {
    assert.is(judge(vote(phase, 2, A), vote(phase, 2, B)), 'two-values', phase);
    assert.is(judge(vote(phase, 2, A), vote(phase, 3, B)), 'E_EVIDENCE', 'of two views');
    assert.is(judge(vote(phase, 2, A), vote(phase, 2, A)), 'E_EVIDENCE', 'the same again');
    assert.is(judge(vote(phase, 2, A)), 'outside', 'one alone: the state decides');
  }
  assert.is(judge(vote('prepare', 2, A), vote('commit', 2, B)), 'E_EVIDENCE', 'of two phases');
  assert.is(judge(vote('prepare', 2, A, hashOf(1)), vote('prepare', 2, A, hashOf(2))), 'E_EVIDENCE');
  assert.is(judge(change(3, 1, A), change(3, 1, B)), 'two-values');
  assert.is(judge(change(3, 1, A), change(3, -1)), 'two-values', 'hidden from some');
  assert.is(judge(change(3, 1, A), change(4, -1)), 'E_EVIDENCE', 'of two views');
  assert.is(judge(change(3, 0, A), change(3, 1, A)), 'E_EVIDENCE', 'one value');

  assert.is(judge(vote('commit', 2, A), change(3, -1)), 'hidden');
  assert.is(judge(vote('commit', 2, A), change(3, 1, A)), 'hidden', 'an older view');
  assert.is(judge(vote('commit', 2, A), change(3, 2, A)), 'E_EVIDENCE', 'as it should');
  assert.is(judge(vote('commit', 2, A), change(3, 2, B)), 'two-values');
  assert.is(judge(vote('commit', 2, A), change(5, 4, B)), 'E_EVIDENCE', 'something newer was prepared');
  assert.is(judge(vote('commit', 3, A), change(3, -1)), 'E_EVIDENCE', 'committed in the view asked for');
  assert.is(judge(vote('commit', 4, A), change(3, -1)), 'E_EVIDENCE', 'committed later');
  assert.is(judge(vote('prepare', 2, A), change(3, -1)), 'E_EVIDENCE', 'never prepared by q');
});

test('only the named key’s signatures over the named committee and height count', () => {
  const good = makeOffence(about, vote('commit', 2, A), vote('commit', 2, B));
  assert.ok(checkOffence(good, network).ok);
  const codeOf = (changed: Partial<Offence>, on = network) => {
    const checked = checkOffence({ ...good, ...changed }, on);
    return checked.ok ? 'OK' : checked.code;
  };
  assert.is(codeOf({ key: signers[1]!.publicKey }), 'E_SIG');
  assert.is(codeOf({ committee: hashOf(1) }), 'E_SIG');
  assert.is(codeOf({ height: HEIGHT + 1 }), 'E_SIG');
  assert.is(codeOf({}, hashOf(2)), 'E_SIG');
  assert.is(codeOf({ sayings: [...good.sayings].reverse() }), 'E_EVIDENCE', 'one form only');
  const framed = makeOffence(about, vote('commit', 2, A), vote('commit', 2, B, zero32, signers[1]));
  assert.is(checkOffence(framed, network).ok, false, 'one signature is another’s');
});

test('its bytes are a payload that a vertex may carry; any bit of them changed is none', () => {
  const bytes = offence.encode(makeOffence(about, change(3, 1, A), change(3, 1, B)));
  const largest = offence.encode(
    makeOffence(
      { ...about, height: Number.MAX_SAFE_INTEGER },
      ...([A, B].map((id) => ({
        ...{ type: 'vote', phase: 'commit', view: Number.MAX_SAFE_INTEGER, headerId: id, newView: B },
        signature: new Uint8Array(64),
      })) as unknown as [Saying, Saying]),
    ),
  );
  assert.ok(largest.length <= offenceBytesMax, `${largest.length} bytes`);
  const codeOf = (payload: Uint8Array, payloadHash = offencePayloadHash(payload)) => {
    const checked = checkPayload({ kind: 'evidence', payload, payloadHash }, network);
    return checked.ok ? 'OK' : checked.code;
  };
  assert.is(codeOf(bytes), 'OK');
  assert.is(codeOf(bytes, hashOf(1)), 'E_PAYLOAD');
  assert.is(codeOf(new Uint8Array(0)), 'E_ENC');
  for (let at = 0; at < bytes.length; at++) {
    const flipped = bytes.slice();
    flipped[at]! ^= 1;
    assert.is.not(codeOf(flipped), 'OK', `byte ${at}`);
  }
});

test('the watch names each seat once, and not for saying the same again', () => {
  const watch = new OffenceWatch(committee, HEIGHT);
  assert.is(watch.note(0, vote('prepare', 0, A)), undefined);
  assert.is(watch.note(0, vote('prepare', 0, A)), undefined);
  assert.is(watch.note(1, vote('prepare', 0, B, zero32, signers[1])), undefined, 'another seat');
  assert.is(watch.note(0, vote('commit', 0, A)), undefined);
  const found = watch.note(0, change(2, -1));
  assert.ok(found !== undefined);
  const checked = checkOffence(found, network);
  assert.ok(checked.ok && checked.value === 'hidden');
  assert.equal(found.key, liar.publicKey);
  assert.ok(watch.isGuilty(0) && !watch.isGuilty(1));
  assert.is(watch.note(0, vote('prepare', 0, B)), undefined, 'once');
  assert.is(watch.note(9, vote('prepare', 0, B)), undefined, 'no such seat');
});

// ---- two certificates of one height

const header = (variant: number) => headerOf(variant, committee);
const [X, Y] = [header(1), header(2)];

function quorumOf(
  phase: 'prepare' | 'commit',
  view: number,
  id: Uint8Array,
  seats: number[],
  newView = zero32,
) {
  const signed = seats.map(
    (seat) => [seat, vote(phase, view, id, newView, signers[seat]).signature] as const,
  );
  return makeQuorum(new Map(signed), committee);
}

function decision(value: typeof X, view: number, seats: number[], newViews: NewViewProof[] = []): Decision {
  const certificate = { height: HEIGHT, view, quorum: quorumOf('commit', view, headerId(value), seats) };
  const prepared = preparedIn(value, view, seats, newViews.at(-1));
  return { header: value, certificate, proof: { prepared, newViews } };
}

function preparedIn(value: typeof X, view: number, seats: number[], newView?: NewViewProof): PreparedProof {
  const named = newViewHash(newView);
  return {
    view,
    header: value,
    newView: named,
    quorum: quorumOf('prepare', view, headerId(value), seats, named),
  };
}

function newViewOf(view: number, says: readonly (PreparedProof | undefined)[]): NewViewProof {
  const viewChanges = says.flatMap((prepared, seat) => {
    if (prepared === undefined && seat > 2) return [];
    const id = prepared && headerId(prepared.header);
    const { signature } = change(view, prepared?.view ?? -1, id, signers[seat]);
    return [{ height: HEIGHT, view, prepared, seat, signature }];
  });
  return { viewChanges };
}

const names = (found: readonly Offence[]) => found.map(({ key }) => committee.seatOf.get(toHex(key))).sort();
const guilty = (first: Decision, second: Decision) => {
  const found = findGuilty(first, second, rulesOf(committee));
  for (const one of found) assert.ok(checkOffence(one, network).ok);
  return names(found);
};

test('same view: whoever is in both certificates', () => {
  assert.equal(guilty(decision(X, 0, [0, 1, 2]), decision(Y, 0, [1, 2, 3])), [1, 2]);
  assert.equal(guilty(decision(X, 0, [0, 1, 2]), decision(X, 0, [1, 2, 3])), [], 'no fork');
});

test('a later view that was opened by hiding what was committed', () => {
  const first = decision(X, 0, [0, 1, 2]);
  const hidden = newViewOf(1, [undefined, undefined, undefined]);
  assert.equal(guilty(first, decision(Y, 1, [0, 1, 3], [hidden])), [0, 1, 2], 'in either order');
  assert.equal(guilty(decision(Y, 1, [0, 1, 3], [hidden]), first), [0, 1, 2]);
  const { proof: _, ...bare } = decision(Y, 1, [0, 1, 3], [hidden]);
  assert.equal(guilty(first, { ...bare, proof: undefined }), [], 'without the new-view nobody can be named');
});

test('a later view that rests on another prepared value of the same view: two prepares', () => {
  const first = decision(X, 0, [0, 1, 2]);
  const other = preparedIn(Y, 0, [0, 1, 3]);
  const opened = newViewOf(1, [other, undefined, undefined]);
  // Seat 2 hid, seats 0 and 1 prepared both; 0 is named for one of its two.
  assert.equal(guilty(first, decision(Y, 1, [0, 1, 3], [opened])), [0, 1, 2]);
});

test('by way of a view between: its new-view is asked', () => {
  const first = decision(X, 0, [0, 1, 2]);
  const hidden = newViewOf(1, [undefined, undefined, undefined]);
  const between = preparedIn(Y, 1, [0, 1, 3], hidden);
  const opened = newViewOf(2, [between, between, between]);
  assert.equal(guilty(first, decision(Y, 2, [0, 1, 3], [hidden, opened])), [0, 1, 2]);
  assert.equal(guilty(first, decision(Y, 2, [0, 1, 3], [opened])), [], 'not kept: nobody can be named');
});

test('foreign decisions that do not verify accuse nobody', () => {
  const first = decision(X, 0, [0, 1, 2]);
  const forged = decision(Y, 0, [1, 2, 3]);
  const signatures = forged.certificate.quorum.signatures.map(() => new Uint8Array(64));
  const quorum = { ...forged.certificate.quorum, signatures };
  assert.equal(guilty(first, { ...forged, certificate: { ...forged.certificate, quorum } }), []);
  const framed = newViewOf(1, [undefined, undefined, undefined]);
  const viewChanges = framed.viewChanges.map((entry) => ({ ...entry, signature: new Uint8Array(64) }));
  assert.equal(
    guilty(first, {
      ...decision(Y, 1, [1, 3, 2]),
      proof: { prepared: undefined, newViews: [{ viewChanges }] },
    }),
    [],
  );
});

test('a certificate outside its committee’s heights: each signature is an offence of its own', () => {
  const { certificate } = decision(X, 0, [0, 2, 3]);
  const found = findOutside(X, certificate, committee);
  assert.equal(names(found), [0, 2, 3]);
  for (const one of found) {
    const checked = checkOffence(one, network);
    assert.ok(checked.ok && checked.value === 'outside');
  }
});

/** One side of a split brain: these seats agree among themselves, over a network that loses much, in whatever view. */
function decideAmong(size: number, seats: readonly number[], value: number, chance: () => number): Decision {
  const side = makeCommittee(size);
  const machines = new Map(
    seats.map((number) => [
      number,
      new PbftHeight(HEIGHT, rulesOf(side.committee), { number, signer: side.signers[number]! }),
    ]),
  );
  const letters: { to: number; message: SeatMessage }[] = [];
  let decided: Decision | undefined;
  let nowMs = 0;
  const headers = new Map<string, ReturnType<typeof headerOf>>();
  const perform = (from: number, outputs: readonly PbftOutput[]): void => {
    for (const output of outputs) {
      assert.is.not(output.type, 'offence', 'one side alone sees nothing wrong');
      if (output.type === 'send') {
        for (const to of seats)
          if (to !== from && chance() > 0.25) letters.push({ to, message: output.message });
      } else if (output.type === 'check') {
        headers.set(toHex(headerId(output.header)), output.header);
        perform(from, machines.get(from)!.checked(headerId(output.header), chance() > 0.2, nowMs));
      } else if (output.type === 'decided') {
        const { certificate, proof } = output;
        decided ??= { header: headers.get(toHex(output.headerId))!, certificate, proof };
      }
    }
  };
  for (let step = 0; step < 20_000 && decided === undefined; step++) {
    const letter = letters.splice(Math.floor(chance() * letters.length), 1)[0];
    if (letter !== undefined) {
      perform(letter.to, machines.get(letter.to)!.receive(letter.message, nowMs));
      continue;
    }
    nowMs += 100;
    for (const [number, machine] of machines) {
      machine.arm(nowMs);
      const header = headerOf(value, side.committee);
      perform(number, machine.propose(header, new Uint8Array(0), undefined, nowMs));
      perform(number, machine.tick(nowMs));
    }
  }
  assert.ok(decided !== undefined, 'a side decides');
  return decided;
}

test('a split brain of as few Byzantine seats as can make one: all of them are named, and nobody else', () => {
  const views = new Map<string, number>();
  for (let seed = 1; seed <= 160; seed++) {
    const size = 4 + (seed % 4);
    const whole = makeCommittee(size).committee;
    // Two quorums that share these, and no more, seats.
    const byzantine = 2 * whole.quorum - size;
    const all = Array.from({ length: size }, (_, seat) => (seat + seed) % size);
    const shared = all.slice(0, byzantine);
    const honest = all.slice(byzantine);
    const chance = chanceOf(seed);
    const left = decideAmong(size, [...shared, ...honest.slice(0, honest.length / 2)], 1, chance);
    const right = decideAmong(size, [...shared, ...honest.slice(honest.length / 2)], 2, chance);
    const found = findGuilty(left, right, rulesOf(whole));
    for (const one of found) assert.ok(checkOffence(one, network).ok);
    const named = found.map(({ key }) => whole.seatOf.get(toHex(key))!).sort();
    assert.equal(named, [...shared].sort(), `seed ${seed}, n = ${size}`);
    assert.ok(named.length > whole.faults);
    const kind = left.certificate.view === right.certificate.view ? 'same view' : 'other views';
    views.set(kind, (views.get(kind) ?? 0) + 1);
  }
  assert.ok(views.get('same view')! > 10 && views.get('other views')! > 40, JSON.stringify([...views]));
});

test.run();
