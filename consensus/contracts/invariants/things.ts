/** Invariants of what things do (semantics §7: 16, and 7 and 25 as far as they go). */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import type { ValueOf } from '../object.ts';
import { evidenceUse } from '../objects/evidence-use.ts';
import { identityConflict } from '../objects/identity-conflict.ts';
import { liveMandateStates, mandate } from '../objects/mandate.ts';
import { thing } from '../objects/thing.ts';
import { type actFields, thingAct } from '../objects/thing-act.ts';
import { thingPayment } from '../objects/thing-payment.ts';
import { virtualAccount } from '../objects/virtual-account.ts';
import { device } from '../registry.ts';
import { includesId } from '../rules/lists.ts';
import { type Mandate, sumOf } from '../rules/mandates.ts';
import type { Invariant, Survey } from './survey.ts';

/** What a thing did under a mandate, a payment or another act. */
interface Deed {
  readonly name: string;
  readonly owner: Uint8Array;
  readonly value: Pick<ValueOf<typeof thingAct>, keyof typeof actFields>;
}

function* deeds(state: Survey): Iterable<Deed> {
  for (const { name, value } of state.all(thingPayment)) yield { name, owner: value.payer, value };
  for (const { name, value } of state.all(thingAct)) yield { name, owner: value.owner, value };
}

export const thingInvariants: readonly Invariant[] = [
  {
    number: 7,
    rule: 'a live mandate is its device’s present owner’s; what a thing does is under a mandate of its owner for that thing; a device is suspended while its identity is in conflict',
    *find(state) {
      for (const { id, name, value: given } of state.all(mandate)) {
        const owner = state.get(device, given.thing)?.owner;
        const owned = state.get(thing, given.thing);
        const isLive = liveMandateStates.includes(given.state);
        if (isLive && (owner === undefined || !equalBytes(owner, given.owner)))
          yield `${name}: ${given.state}, and the device is another’s`;
        if (isLive !== includesId(owned?.mandates ?? [], id))
          yield `${name}: ${given.state}, and the thing says otherwise`;
      }
      for (const { id, name, value } of state.all(virtualAccount)) {
        const isOpen = value.state === 'OPEN';
        if (isOpen !== includesId(state.get(thing, value.thing)?.accounts ?? [], id))
          yield `${name}: ${value.state}, and the thing says otherwise`;
      }
      yield* identityDefects(state);
      for (const { name, owner, value } of deeds(state)) {
        const given = state.get(mandate, value.mandate);
        if (given === undefined || !equalBytes(given.thing, value.thing)) yield `${name}: under no mandate`;
        else if (!equalBytes(given.owner, owner)) yield `${name}: for another than the mandate’s owner`;
      }
    },
  },
  {
    number: 16,
    rule: 'in every window, what is done under a mandate is within its amount and count; counters are what was done',
    *find(state) {
      const done = new Map<string, Deed[]>();
      for (const deed of deeds(state)) {
        const id = toHex(deed.value.mandate);
        done.set(id, [...(done.get(id) ?? []), deed]);
      }
      for (const { id, name, value } of state.all(mandate))
        yield* windowDefects(name, value, done.get(toHex(id)) ?? []);
    },
  },
  {
    number: 25,
    rule: 'one event triggers one payment, or one other act',
    *find(state) {
      const triggered = new Set<string>();
      for (const { name, value } of deeds(state)) {
        const event = toHex(value.event);
        if (triggered.has(event)) yield `${name}: the event triggered something else`;
        triggered.add(event);
        const used = state.get(evidenceUse, value.event);
        if (used === undefined || !equalBytes(used.unit, value.mandate))
          yield `${name}: the event is not consumed`;
      }
    },
  },
];

/** A device is suspended for as long as a conflict about it is open, and there is one at most. */
function* identityDefects(state: Survey): Iterable<string> {
  const open = new Map<string, number>();
  for (const { value } of state.all(identityConflict)) {
    const id = toHex(value.device);
    if (value.state === 'OPEN') open.set(id, (open.get(id) ?? 0) + 1);
  }
  for (const { id, name, value } of state.all(device)) {
    const isSuspended = value.state === 'CONTESTED' || value.state === 'COPIED';
    const conflicts = open.get(toHex(id)) ?? 0;
    if (conflicts !== Number(isSuspended)) yield `${name}: ${value.state} with ${conflicts} open conflicts`;
  }
}

function* windowDefects(name: string, given: Mandate, done: readonly Deed[]): Iterable<string> {
  const { windowMs } = given;
  const spends = done.map(({ value }) => value).sort((a, b) => a.at - b.at);
  // A window that breaks a limit can be shifted to end with a payment: those are all that need be looked at.
  for (const last of spends) {
    const inside = spends.filter(({ at }) => at > last.at - windowMs && at <= last.at);
    if (sumOf(inside) > BigInt(last.windowAmount)) yield `${name}: more in a window than allowed`;
    if (inside.length > last.windowCount) yield `${name}: more often in a window than allowed`;
  }
  const newest = spends.at(-1)?.at ?? 0;
  const expected = spends.filter(({ at }) => at > newest - windowMs);
  const isSame =
    expected.length === given.recent.length &&
    sumOf(expected) === sumOf(given.recent) &&
    expected.every(({ at }, index) => at === given.recent[index]!.at);
  if (!isSame) yield `${name}: the window counts other than was done`;
}
