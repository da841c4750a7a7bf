/**
 * The permission table (R004): role × transition. In every cell that the table denies, the transition refuses with
 * E_ROLE: each passing case is run again with one signer's party in a role that is not the signer's.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../codec/bytes.ts';
import { decodeArguments } from '../contracts/engine.ts';
import { transitions } from '../contracts/index.ts';
import { key, party, type Role, roles } from '../contracts/registry.ts';
import { permissionsOf } from '../contracts/tables.ts';
import { isRefusal, type Signatory } from '../contracts/transition.ts';
import { statePolicy } from '../contracts/transitions/policy.ts';
import { endEpoch, nameSeats } from '../contracts/transitions/seats.ts';
import { stateTariff } from '../contracts/transitions/tariff.ts';
import type { SignedCall } from '../vertex/call.ts';
import { gatherCases } from './contract-coverage.ts';
import { codeOf, storyAt } from './contract-story.ts';
import { idOf, signerOf, World } from './contract-world.ts';
import { state } from './policy-steps.ts';
import { charge } from './reward-steps.ts';

const permissions = suite('permissions');

const allowed = new Map(
  roles.map((role) => [role, new Set(permissionsOf(role).map(({ transition }) => transition))]),
);
const deniedCells = [...transitions.keys()].flatMap((name) =>
  roles.filter((role) => !allowed.get(role)!.has(name)).map((role) => `${name} ${role}`),
);
/** Cells in which E_ROLE was seen. */
const refusedCells = new Set<string>();

function signatories(world: World, call: SignedCall): readonly Signatory[] {
  const declared = transitions.get(call.header.transition)!;
  const args = decodeArguments(declared, call);
  assert.ok(args.ok);
  const signed = new Set(
    call.signatures.map((entry) => toHex(world.get(key, entry.key)?.party ?? new Uint8Array())),
  );
  const wanted = declared.signers(args.value as never, {
    ...{ ...world.environment(), get: world.get.bind(world), running: world.time },
    ...{ callId: new Uint8Array(32), vertex: new Uint8Array(32) },
    ...{ put: () => undefined, remove: () => undefined, step: () => undefined, signedByKey: () => true },
    signedBy: (id) => signed.has(toHex(id)),
  });
  assert.ok(!isRefusal(wanted));
  return wanted;
}

/** The call again, its signer in another role: whatever is denied to that role here is refused. */
function tryRole(world: World, call: SignedCall, { party: signer, role: own }: Signatory, role: Role): void {
  if (own === role || own.includes(role)) return;
  const { transition } = call.header;
  const fork = world.fork();
  fork.change(party, signer, { roles: [role] });
  assert.is(codeOf(fork.execute(call)), 'E_ROLE', `${transition} by ${role}`);
  refusedCells.add(`${transition} ${role}`);
}

permissions('each passing case, each of its signers in each role that is not the signer’s', async () => {
  let last: { readonly world: World; readonly call: SignedCall } | undefined;
  for (const { transition, code, run } of await gatherCases()) {
    if (code !== 'OK') continue;
    last = undefined;
    World.onExecute = (world, call) => {
      last = { world: world.fork(), call };
    };
    run();
    World.onExecute = () => {};
    // Calls about seats run in a world of their own; who may sign those is below.
    if (last === undefined) continue;
    const { world, call } = last as { readonly world: World; readonly call: SignedCall };
    assert.is(call.header.transition, transition);
    for (const signatory of signatories(world, call))
      for (const role of roles) tryRole(world, call, signatory, role);
  }
});

permissions('the calls that parties of seats sign: nobody else’s signature counts, whatever the role', () => {
  const { world } = storyAt('empty');
  for (const role of roles) {
    world.change(party, idOf('acme'), { roles: [role] });
    for (const outcome of [
      world.run(nameSeats, { seats: ['a', 'b', 'c', 'd'].map((name) => signerOf(name).publicKey) }, ['acme']),
      world.run(endEpoch, { height: world.height + 10 }, ['acme']),
      state({ world }, {}, ['acme']),
      charge({ world }, {}, ['acme']),
    ])
      assert.is(codeOf(outcome), 'E_ROLE', role);
    for (const { name } of [nameSeats, endEpoch, statePolicy, stateTariff])
      if (!allowed.get(role)!.has(name)) refusedCells.add(`${name} ${role}`);
  }
});

permissions('so every denied cell was refused, and no allowed one is in the table by mistake', () => {
  assert.ok(deniedCells.length > 100, `${deniedCells.length} cells`);
  assert.equal(
    deniedCells.filter((cell) => !refusedCells.has(cell)),
    [],
  );
  console.log(
    `${transitions.size * roles.length} cells, ${deniedCells.length} denied, all refused with E_ROLE`,
  );
});

permissions.run();
