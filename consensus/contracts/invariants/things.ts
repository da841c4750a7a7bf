/** Invariants of things that pay (semantics §7: 16, and 7 and 25 as far as they go). */

import { equalBytes, toHex } from '../../codec/bytes.ts';
import type { ValueOf } from '../object.ts';
import { evidenceUse } from '../objects/evidence-use.ts';
import { identityConflict } from '../objects/identity-conflict.ts';
import { liveMandateStates, mandate } from '../objects/mandate.ts';
import { thing } from '../objects/thing.ts';
import { thingPayment } from '../objects/thing-payment.ts';
import { virtualAccount } from '../objects/virtual-account.ts';
import { device } from '../registry.ts';
import { includesId } from '../rules/lists.ts';
import { type Mandate, sumOf } from '../rules/mandates.ts';
import type { Found, Invariant, Survey } from './survey.ts';

type Payment = Found<ValueOf<typeof thingPayment>>;

export const thingInvariants: readonly Invariant[] = [
  {
    number: 7,
    rule: 'a live mandate is its device’s present owner’s; a payment by a thing has a mandate of the payer for that thing; a device is suspended while its identity is in conflict',
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
      for (const { name, value } of state.all(thingPayment)) {
        const given = state.get(mandate, value.mandate);
        if (given === undefined || !equalBytes(given.thing, value.thing)) yield `${name}: under no mandate`;
        else if (!equalBytes(given.owner, value.payer))
          yield `${name}: paid by another than the mandate’s owner`;
      }
    },
  },
  {
    number: 16,
    rule: 'in every window, payments under a mandate are within its amount and count; counters are what was paid',
    *find(state) {
      const paid = new Map<string, Payment[]>();
      for (const payment of state.all(thingPayment)) {
        const id = toHex(payment.value.mandate);
        paid.set(id, [...(paid.get(id) ?? []), payment]);
      }
      for (const { id, name, value } of state.all(mandate))
        yield* windowDefects(name, value, paid.get(toHex(id)) ?? []);
    },
  },
  {
    number: 25,
    rule: 'one event triggers one payment',
    *find(state) {
      const triggered = new Set<string>();
      for (const { name, value } of state.all(thingPayment)) {
        const event = toHex(value.event);
        if (triggered.has(event)) yield `${name}: the event triggered another payment`;
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

function* windowDefects(name: string, given: Mandate, payments: readonly Payment[]): Iterable<string> {
  const { windowMs } = given;
  const spends = payments.map(({ value }) => value).sort((a, b) => a.at - b.at);
  // A window that breaks a limit can be shifted to end with a payment: those are all that need be looked at.
  for (const last of spends) {
    const inside = spends.filter(({ at }) => at > last.at - windowMs && at <= last.at);
    if (sumOf(inside) > BigInt(last.windowAmount)) yield `${name}: more paid in a window than allowed`;
    if (inside.length > last.windowCount) yield `${name}: more payments in a window than allowed`;
  }
  const newest = spends.at(-1)?.at ?? 0;
  const expected = spends.filter(({ at }) => at > newest - windowMs);
  const isSame =
    expected.length === given.recent.length &&
    sumOf(expected) === sumOf(given.recent) &&
    expected.every(({ at }, index) => at === given.recent[index]!.at);
  if (!isSame) yield `${name}: the window counts other payments than were made`;
}
