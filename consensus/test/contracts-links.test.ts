/**
 * The thread of history `[CTR-25]`: over every case of every transition, each call's record names exactly what it
 * replaced and removed, each version names the call that wrote it, and the thread leads through every version there was.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, uint32Bytes } from '../codec/bytes.ts';
import { int } from '../codec/schema.ts';
import { transitions } from '../contracts/index.ts';
import { hasHistory, writingCall } from '../contracts/links.ts';
import { objectPath, type StoredObject } from '../contracts/object.ts';
import { loan } from '../contracts/objects/loan.ts';
import { orderHead } from '../contracts/objects/order-receipt.ts';
import { pledge } from '../contracts/objects/pledge.ts';
import { unit } from '../contracts/objects/unit.ts';
import { versionOf } from '../contracts/objects/version.ts';
import { callRecord, changedMax } from '../contracts/registry.ts';
import { transition } from '../contracts/transition.ts';
import { hash } from '../crypto/hash.ts';
import type { SignedCall } from '../vertex/call.ts';
import { gatherCases } from './contract-coverage.ts';
import { storyAt } from './contract-story.ts';
import { type Outcome, World } from './contract-world.ts';

const links = suite('links');

const pathOf = ({ type, id }: StoredObject): string => toHex(objectPath(type, id));
const byPath = (world: World): Map<string, StoredObject> =>
  new Map([...world.objects()].map((stored) => [pathOf(stored), stored]));

let calls = 0;
let most = 0;
let replaced = 0;

/** Compares the states around a call with what its record says. */
function checkCall(before: ReadonlyMap<string, StoredObject>, { id, refusal, world }: Outcome): void {
  if (refusal !== undefined || world === undefined) return;
  const after = byPath(world);
  const expected: string[] = [];
  for (const [path, old] of before) {
    const call = writingCall(old);
    if (after.get(path) !== old && call !== undefined) expected.push(`${path} ${toHex(call)}`);
  }
  const record = world.read(callRecord, id);
  const named = record.changed.map((entry) => `${toHex(entry.path)} ${toHex(entry.before)}`);
  assert.equal(named, expected.sort(), record.transition);
  for (const [path, stored] of after)
    if (before.get(path) !== stored && hasHistory(stored.type))
      assert.is(toHex(writingCall(stored)!), toHex(id), `${record.transition} writes ${stored.type}`);
  calls += 1;
  replaced += named.length;
  most = Math.max(most, named.length);
}

const execute = World.prototype.execute;
links.before(() => {
  World.prototype.execute = function (this: World, call: SignedCall): Outcome {
    const before = byPath(this);
    const outcome = execute.call(this, call);
    checkCall(before, outcome);
    return outcome;
  };
});
links.after(() => {
  World.prototype.execute = execute;
});

links('every passing case links what it changed, and nothing else', async () => {
  for (const { code, run } of await gatherCases()) if (code === 'OK') run();
  assert.ok(calls > 100 && replaced > calls, `${calls} calls, ${replaced} replaced`);
  assert.ok(most < changedMax / 4, `${most} at once`);
  console.log(`${calls} calls replaced ${replaced} versions, ${most} at most`);
});

/** Transitions of the calls that wrote the object, oldest first, by the thread alone. */
function threadOf(world: World, type: Parameters<World['stored']>[0], id: Uint8Array): string[] {
  const path = toHex(objectPath(type.name, id));
  const names: string[] = [];
  for (let call = writingCall(world.stored(type, id)); call !== undefined; ) {
    const record = world.read(callRecord, call);
    names.unshift(record.transition);
    call = record.changed.find((entry) => toHex(entry.path) === path)?.before;
  }
  return names;
}

links('a loan’s thread has every step of its life, and so have its goods and its pledge', () => {
  const { world, loan: loanId, unit: unitId, pledge: pledgeId } = storyAt('repaid');
  assert.equal(threadOf(world, loan, loanId), [
    ...['apply', 'authorise', 'evaluate', 'decide', 'agree-pledge', 'draw', 'repay'],
  ]);
  assert.equal(threadOf(world, pledge, pledgeId), ['agree-pledge', 'perfect-pledge']);
  assert.equal(threadOf(world, unit, unitId), ['register-goods']);
});

links(`a call that would change more than ${changedMax} objects is refused, and writes nothing`, () => {
  const { world } = storyAt('empty');
  const burst = transition({
    name: 'burst',
    row: 0,
    summary: 'Only for this test.',
    args: { v0: { count: int(0) } },
    signedBy: [],
    preconditions: { E_RANGE: 'not too many' },
    effects: '',
    visibility: 'V0',
    apply: ({ count }, context) => {
      for (let n = 0; n < count; n++)
        context.put(orderHead, hash('salt', uint32Bytes(n)), {
          ...{ newest: context.callId, number: 1 },
          ...versionOf(context),
        });
      return undefined;
    },
  });
  const known = transitions as Map<string, unknown>;
  known.set(burst.name, burst);
  try {
    const run = (count: number) => world.run(burst, { count }, []).refusal?.code ?? 'OK';
    assert.is(run(changedMax + 1), 'OK', 'what is created is not in the list');
    assert.is(run(changedMax), 'OK');
    const before = world.root();
    assert.is(run(changedMax + 1), 'E_RANGE');
    assert.is(world.root(), before);
  } finally {
    known.delete(burst.name);
  }
});

links.run();
