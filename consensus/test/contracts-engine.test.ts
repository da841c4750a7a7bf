/** The checks common to every transition `[ORD-5]`, and how a call's parts become an object's parts `[ORD-6]`. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../codec/bytes.ts';
import { runCall } from '../contracts/engine.ts';
import { transitions } from '../contracts/index.ts';
import { objectPath } from '../contracts/object.ts';
import { encumbrance } from '../contracts/objects/encumbrance.ts';
import { loan } from '../contracts/objects/loan.ts';
import { pledge } from '../contracts/objects/pledge.ts';
import { callRecord, key } from '../contracts/registry.ts';
import { Draft } from '../contracts/state.ts';
import { PROOF_STEPS, StepMeter, stepsMax } from '../contracts/steps.ts';
import { withdraw } from '../contracts/transitions/application.ts';
import { enrolKey } from '../contracts/transitions/enrol.ts';
import { revokeKey } from '../contracts/transitions/revoke.ts';
import { warn } from '../contracts/transitions/warn.ts';
import { hash, zero32 } from '../crypto/hash.ts';
import { callId, type SignedCall } from '../vertex/call.ts';
import { codeOf, conflictOf, type Story, storyAt } from './contract-story.ts';
import { HOUR_MS, idOf, type Outcome, signerOf } from './contract-world.ts';

const engine = suite('engine');

const withdrawal = (
  story: Story,
  by: readonly string[] = ['acme'],
  changes: Partial<SignedCall['header']> = {},
): SignedCall => story.world.compose(withdraw, { loan: story.loan }, by, changes);
const runWith = (changes: Partial<SignedCall['header']>): Outcome => {
  const story = storyAt('applied');
  return story.world.execute(withdrawal(story, ['acme'], changes));
};

engine('a call takes effect once, and leaves its record', () => {
  const story = storyAt('applied');
  const call = withdrawal(story);
  const first = story.world.execute(call);
  assert.is(codeOf(first), 'OK');
  const record = story.world.read(callRecord, first.id);
  assert.is(record.transition, 'withdraw');
  assert.is(record.height, story.world.height);
  assert.is(record.time, story.world.time);
  const second = story.world.execute(call);
  assert.is(codeOf(second), 'E_REPLAY');
  assert.is(conflictOf(second), toHex(record.vertex));
});

engine('the same call under other signatures is the same call', () => {
  const story = storyAt('applied');
  const call = withdrawal(story);
  assert.is(codeOf(story.world.execute({ ...call, signatures: [] })), 'E_ROLE', 'a refusal uses nothing up');
  assert.is(codeOf(story.world.execute(call)), 'OK');
  assert.is(codeOf(story.world.execute({ ...call, signatures: [] })), 'E_REPLAY');
});

const NONCE = new Uint8Array(16).fill(7);
const OTHER_NONCE = new Uint8Array(16).fill(8);

engine('another call of a signer under a nonce that it used is E_REPLAY, for ever [CTR-29]', () => {
  const { world, loan } = storyAt('applied');
  const under = (by: readonly string[], nonce = NONCE) =>
    world.execute(world.compose(withdraw, { loan }, by, { nonce }));
  assert.is(codeOf(under(['bankA'])), 'E_ROLE', 'a refusal uses nothing up');
  const first = under(['acme', 'bankA']);
  assert.is(codeOf(first), 'OK');
  const named = toHex(world.read(callRecord, first.id).vertex);
  for (const by of [['acme'], ['bankA'], ['acme', 'bankB']]) {
    const again = under(by);
    assert.equal([codeOf(again), conflictOf(again)], ['E_REPLAY', named], by.join());
  }
  assert.is(codeOf(under(['acme'], new Uint8Array(16))), 'E_STATE', 'another nonce is no repetition');
  assert.is(codeOf(under(['bankB'])), 'E_ROLE', 'a nonce of others is no obstacle');
  world.pass(10 * 365 * 24 * HOUR_MS);
  assert.is(codeOf(under(['acme'])), 'E_REPLAY');
});

engine('a nonce is its party’s, whichever of its keys signs; a key’s that signs for no party', () => {
  const { world, loan } = storyAt('applied');
  const second = signerOf('acme second').publicKey;
  const enrolment = {
    ...({
      party: idOf('acme'),
      key: second,
      kind: 'party',
      monitor: undefined,
      replaces: undefined,
    } as const),
  };
  const enrol = (nonce: Uint8Array) =>
    world.execute(world.compose(enrolKey, enrolment, ['acme', 'acme second'], { nonce }));
  assert.is(codeOf(enrol(NONCE)), 'OK');
  const withdrawn = (by: readonly string[], nonce: Uint8Array) =>
    codeOf(world.execute(world.compose(withdraw, { loan }, by, { nonce })));
  assert.is(withdrawn(['acme second'], NONCE), 'E_REPLAY');
  assert.is(withdrawn(['acme', 'stranger'], OTHER_NONCE), 'OK');
  assert.is(withdrawn(['acme second'], OTHER_NONCE), 'E_REPLAY');
  assert.is(withdrawn(['stranger'], OTHER_NONCE), 'E_REPLAY');
  assert.is(withdrawn(['stranger'], NONCE), 'E_ROLE');
});

engine('a call that takes more steps than are left is E_STEPS, and writes nothing [CTR-30]', () => {
  const story = storyAt('applied');
  const call = withdrawal(story);
  const run = (taken: number) => {
    const draft = new Draft(story.world.state);
    const meter = new StepMeter();
    meter.take(taken);
    const refusal = runCall(call, hash('vertex', zero32), draft, story.world.environment(), meter);
    return { code: refusal?.code ?? 'OK', writes: draft.changes().length, taken: meter.taken - taken };
  };
  const { code, taken } = run(0);
  assert.is(code, 'OK');
  assert.ok(taken > PROOF_STEPS && taken < stepsMax / 10, `${taken}`);
  assert.is(run(stepsMax - taken).code, 'OK', 'exactly so many');
  for (const short of [1, 2, 10, taken - PROOF_STEPS, taken - 1])
    assert.equal([run(stepsMax - taken + short).code, run(stepsMax - taken + short).writes], ['E_STEPS', 0]);
});

engine('a proof of a reading costs its steps, whatever it shows', () => {
  const { world, pledge } = storyAt('perfected');
  const steps = (proofs: number): number => {
    const evidence = Array.from({ length: proofs / 2 }, () => world.count('900', 40)).flat();
    const call = world.compose(warn, { pledge, trigger: 'weight', evidence }, ['monitor']);
    const meter = new StepMeter();
    runCall(call, hash('vertex', zero32), new Draft(world.state), world.environment(), meter);
    return meter.taken;
  };
  assert.ok(steps(20) - steps(10) >= 10 * PROOF_STEPS, `${steps(10)}, ${steps(20)}`);
});

engine('header', () => {
  assert.is(codeOf(runWith({ suite: 2 })), 'E_SUITE');
  assert.is(codeOf(runWith({ network: zero32 })), 'E_NETWORK');
  assert.is(codeOf(runWith({ transition: 'no-such' })), 'E_SCHEMA');
  const { world } = storyAt('applied');
  assert.is(codeOf(runWith({ deadline: world.time + 249 })), 'E_EXPIRED');
  assert.is(codeOf(runWith({ deadline: world.time + 250 })), 'OK');
  assert.is(codeOf(runWith({ deadline: world.time + 250 + 72 * HOUR_MS })), 'OK');
  assert.is(codeOf(runWith({ deadline: world.time + 251 + 72 * HOUR_MS })), 'E_SCHEMA');
});

engine('arguments that do not decode', () => {
  const story = storyAt('applied');
  const call = withdrawal(story);
  const parts = call.parts.map((part) => ({ ...part, value: new Uint8Array(0) }));
  assert.is(codeOf(story.world.execute({ ...call, parts })), 'E_SCHEMA');
});

engine('signatures', () => {
  const story = storyAt('applied');
  const { world } = story;
  const call = withdrawal(story, ['acme', 'bankA']);
  const [first, second] = call.signatures;
  assert.is(codeOf(world.execute({ ...call, signatures: [second!, first!] })), 'E_SIG', 'descending');
  assert.is(codeOf(world.execute({ ...call, signatures: [first!, first!] })), 'E_SIG', 'twice');
  assert.is(
    codeOf(world.execute({ ...call, signatures: [{ ...first!, signature: second!.signature }] })),
    'E_SIG',
    'another’s',
  );
  assert.is(codeOf(world.execute({ ...call, signatures: [] })), 'E_ROLE', 'none');
});

engine('a revoked key spoils the call, even one that its party signed with another key', () => {
  const story = storyAt('applied');
  const { world } = story;
  world.put(key, signerOf('acme second').publicKey, {
    party: idOf('acme'),
    kind: 'party',
    state: 'ACTIVE',
    since: 0,
  });
  assert.is(codeOf(world.run(revokeKey, { key: signerOf('acme').publicKey }, ['acme second'])), 'OK');
  assert.is(codeOf(world.execute(withdrawal(story, ['acme', 'acme second']))), 'E_KEY_REVOKED');
  assert.is(codeOf(world.execute(withdrawal(story, ['acme second']))), 'OK');
});

engine('roles', () => {
  const story = storyAt('applied');
  const { world } = story;
  assert.is(codeOf(world.execute(withdrawal(story, ['zenith']))), 'E_ROLE', 'another enterprise');
  assert.is(codeOf(world.execute(withdrawal(story, ['stranger']))), 'E_ROLE', 'a key that is not enrolled');
  assert.is(
    codeOf(world.execute(withdrawal(story, ['acme gateway']))),
    'E_ROLE',
    'a gateway signs for nobody',
  );
  assert.is(
    codeOf(story.apply({ applicant: idOf('bankB') }, ['bankB'])),
    'E_ROLE',
    'a party without the role',
  );
  assert.is(codeOf(story.apply({ applicant: zero32 }, ['acme'])), 'E_ROLE', 'no such party');
});

engine('names and object types fit their fields', () => {
  for (const { name } of transitions.values()) assert.ok(name.length <= 32, name);
});

engine('a part that does not change keeps its opening; one that does takes a new salt', () => {
  const story = storyAt('applied');
  const before = story.world.stored(loan, story.loan).parts;
  story.authorise();
  const after = story.world.stored(loan, story.loan).parts;
  assert.is.not(toHex(before[0]!.value), toHex(after[0]!.value));
  assert.is(toHex(before[1]!.salt), toHex(after[1]!.salt), 'V1 is empty and stays');
  assert.is.not(toHex(before[2]!.salt), toHex(after[2]!.salt), 'V2 names the grant');
});

engine('who lapses another bank’s reservation does not learn the salts of its file', () => {
  const story = storyAt('approved');
  const rival = story.rival('approved');
  story.agree();
  const sealed = story.world.stored(pledge, story.pledge).parts;
  story.world.pass(72 * HOUR_MS);
  const { world } = rival;
  rival.agree();
  const lapsed = world.stored(pledge, story.pledge);
  assert.is(world.read(pledge, story.pledge).state, 'LAPSED');
  for (const index of [1, 2]) assert.is(toHex(lapsed.parts[index]!.salt), toHex(sealed[index]!.salt));
});

engine('the salt of a part that changes does not follow from the salts of the call that changes it', () => {
  const story = storyAt('applied');
  const path = objectPath(loan.name, story.loan);
  const before = story.world.stored(loan, story.loan).parts[2]!;
  let salt = zero32;
  story.world.onCall = (call) => {
    salt = call.parts[2]!.salt;
  };
  story.authorise();
  const after = story.world.stored(loan, story.loan).parts[2]!;
  assert.is(toHex(after.salt), toHex(hash('salt', salt, path, before.salt)));
  assert.is.not(toHex(after.salt), toHex(hash('salt', salt, path, zero32)));
});

engine('an encumbrance that ends leaves the state as if it had never been', () => {
  const story = storyAt('agreed');
  assert.ok(story.world.get(encumbrance, story.unit) !== undefined);
  const path = objectPath(encumbrance.name, story.unit);
  assert.is(story.world.state.map.prove(path).leaf?.path.length, 32);
  story.release();
  assert.is(story.world.get(encumbrance, story.unit), undefined);
  const leaf = story.world.state.map.prove(path).leaf;
  assert.ok(leaf === undefined || toHex(leaf.path) !== toHex(path));
});

engine('the id of a call is that of the object it creates', () => {
  const story = storyAt('applied');
  const call = withdrawal(story);
  assert.is(toHex(story.world.execute(call).id), toHex(callId(call.header)));
  assert.is(toHex(story.world.read(loan, story.loan).call), toHex(callId(call.header)));
});

engine.run();
