/**
 * Nothing takes effect without its signatures (R004): each passing case of each transition is run again, in the state
 * that it ran in, without any signature, and without those of each party that its declaration wants.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../codec/bytes.ts';
import { decodeArguments } from '../contracts/engine.ts';
import { transitions } from '../contracts/index.ts';
import { findRewrites, findStepBreaches } from '../contracts/invariants.ts';
import { key } from '../contracts/registry.ts';
import { isRefusal, type Signatory } from '../contracts/transition.ts';
import type { SignedCall } from '../vertex/call.ts';
import { gatherCases } from './contract-coverage.ts';
import { codeOf } from './contract-story.ts';
import { World } from './contract-world.ts';

const signatures = suite('signatures');

interface Attempt {
  readonly before: World;
  readonly call: SignedCall;
}
let last: Attempt | undefined;
const watch = (world: World, call: SignedCall): void => {
  last = { before: world.fork(), call };
};

/** Parties that the call's transition wants, in the state before it. */
function wantedBy({ before, call }: Attempt): readonly Signatory[] {
  const declared = transitions.get(call.header.transition)!;
  const args = decodeArguments(declared, call);
  assert.ok(args.ok);
  const signed = new Set(
    call.signatures.map((entry) => toHex(before.get(key, entry.key)?.party ?? new Uint8Array())),
  );
  const context = { ...before.environment(), ...{ get: before.get.bind(before), running: before.time } };
  const wanted = declared.signers(args.value as never, {
    ...context,
    callId: new Uint8Array(32),
    vertex: new Uint8Array(32),
    put: () => undefined,
    remove: () => undefined,
    step: () => undefined,
    signedBy: (party) => signed.has(toHex(party)),
    signedByKey: () => true,
  });
  assert.ok(!isRefusal(wanted));
  return wanted;
}

for (const { transition, code, when, run } of await gatherCases()) {
  if (code !== 'OK') continue;
  signatures(`${transition}: ${when}`, () => {
    last = undefined;
    World.onExecute = watch;
    const ran = run();
    World.onExecute = () => {};
    // Calls about seats run in a world of their own: seats.ts.
    if (typeof ran === 'string') return;
    const attempt = last as Attempt | undefined;
    assert.is(attempt?.call.header.transition, transition, 'the case ends with its call');
    const [outcome] = 'refusal' in ran ? [ran] : ran;
    assert.equal(findStepBreaches(attempt!.before, outcome.world!), []);
    if (!attempt!.before.tampered)
      assert.equal(findRewrites(attempt!.before.objects(), outcome.world!.objects()), []);
    const { before, call } = attempt!;
    const wanted = wantedBy(attempt!);
    if (wanted.length > 0) assert.is.not(codeOf(before.fork().execute({ ...call, signatures: [] })), 'OK');
    for (const { party } of wanted) {
      const others = call.signatures.filter(
        (entry) => toHex(before.get(key, entry.key)?.party ?? new Uint8Array()) !== toHex(party),
      );
      assert.ok(others.length < call.signatures.length, 'it signed');
      const got = codeOf(before.fork().execute({ ...call, signatures: others }));
      // Who may sign in another's place is judged anew without it: see `revoke-grant`. A party may be wanted twice.
      const own = wanted.filter((entry) => toHex(entry.party) === toHex(party));
      const accepted: string[] = [...own.map(({ missing = 'E_ROLE' }) => missing), 'E_ROLE'];
      assert.ok(accepted.includes(got), `without ${toHex(party).slice(0, 8)}: ${got}`);
    }
  });
}

signatures.run();
