/**
 * What a thing does under its mandate, of whichever family `[THG-15]`: it signs, the limits are judged at the final
 * position, the event is used up, and the window counts it. What the act itself asks and moves is its transition's.
 */

import { equalBytes } from '../../codec/bytes.ts';
import { limits as byteLimits } from '../../codec/limits.ts';
import { bytes, hash32, text } from '../../codec/schema.ts';
import type { ValueOf } from '../object.ts';
import { mandate } from '../objects/mandate.ts';
import { type actFields, thingAct } from '../objects/thing-act.ts';
import { versionOf } from '../objects/version.ts';
import { virtualAccount } from '../objects/virtual-account.ts';
import { roles } from '../registry.ts';
import {
  type Context,
  type ContractRefusal,
  isRefusal,
  lookUp,
  type Preconditions,
  refused,
  type SignerRule,
  wrongState,
} from '../transition.ts';
import { consumeReadings, observe } from './evidence.ts';
import { checkDeed, type Deed, type Mandate, windowOf } from './mandates.ts';
import { activeDevice, checkBound } from './things.ts';

/** Arguments of every act; `mandate` stands beside them, in V0. */
export const actArgs = {
  /** Virtual account in whose money it is done. */
  means: hash32,
  content: text(40, 1),
  /** Proof of the reading that triggers it. */
  event: bytes(byteLimits.callBytesMax, 1),
} as const;

export const actSigners: readonly SignerRule<unknown>[] = [
  { who: 'the thing, by its device key', role: roles, party: () => undefined },
  {
    who: 'the second device, by its key',
    role: roles,
    party: () => undefined,
    when: 'above the threshold',
    missing: 'E_MANDATE',
  },
];

/** Preconditions of a transition that calls `readActor` and `takeAct`, or the two that are in it. */
export const withinMandate = {
  E_DEVICE_STATE: 'the thing is ACTIVE; so is the second device, where it is needed, and the owner’s',
  E_EVIDENCE: 'the event is a fresh reading of the thing itself, and triggered nothing before',
  E_FROZEN: 'the owner’s account that the thing’s is bound to is open',
  E_MANDATE: 'the second key signs, above the threshold',
  E_MANDATE_AMOUNT: 'the amount is within that of one payment and of the window',
  E_MANDATE_CONTENT: 'the mandate is for such acts, and names the content',
  E_MANDATE_FREQUENCY: 'the window holds fewer acts than it may',
  E_MANDATE_MEANS: 'the mandate names the account',
  E_MANDATE_PAYEE: 'the mandate names whom it is with',
  E_MANDATE_TIME: 'it is the mandate’s time, and its hours of the day',
  E_NOT_FOUND: 'what it names exists',
  E_ROLE: 'the thing signs, and whoever else has to',
  E_ROUTE: 'it is done in the money of an open account of the thing',
  E_STATE: 'the mandate is ACTIVE',
} as const satisfies Preconditions;

/** A thing that has signed, under a mandate that is ACTIVE, and its account. */
export interface Actor {
  readonly id: Uint8Array;
  readonly given: Mandate;
  readonly means: Uint8Array;
  readonly source: ValueOf<typeof virtualAccount>;
}

export function readActor(
  { mandate: id, means }: { readonly mandate: Uint8Array; readonly means: Uint8Array },
  context: Context,
): Actor | ContractRefusal {
  const given = lookUp(context, mandate, id);
  if (isRefusal(given)) return given;
  if (given.state !== 'ACTIVE') return wrongState(given.state, ['ACTIVE'], id);
  const active = activeDevice(given.thing, given.owner, context);
  if (isRefusal(active)) return active;
  if (!context.signedByKey(active.key))
    return refused('E_ROLE', { reason: 'the thing did not sign' }, given.thing);
  const source = context.get(virtualAccount, means);
  if (source?.state !== 'OPEN' || !equalBytes(source.thing, given.thing))
    return refused('E_ROUTE', { reason: 'no open account of the thing' }, source && means);
  return { id, given, means, source };
}

/** Holds the deed against the mandate; tells whether the second device signed. */
export function judgeAct(
  { id, given, means, source }: Actor,
  deed: Omit<Deed, 'means'>,
  context: Context,
): boolean | ContractRefusal {
  const seconded = isSeconded(given, deed.amount, context);
  if (typeof seconded !== 'boolean') return seconded;
  return (
    checkDeed(id, given, { ...deed, means }, seconded, context) ??
    checkBound(means, source, context) ??
    seconded
  );
}

/** It is for the owner and with another, E_SCOPE; in the account's money, E_ROUTE. */
export function checkSides(
  { given, means, source }: Actor,
  sides: { readonly forWhom: Uint8Array; readonly with: Uint8Array; readonly money: Uint8Array },
): ContractRefusal | undefined {
  if (!equalBytes(sides.forWhom, given.owner))
    return refused('E_SCOPE', { reason: 'it is not the owner’s' }, sides.forWhom);
  if (equalBytes(sides.with, given.owner))
    return refused('E_SCOPE', { reason: 'the owner would deal with itself' }, sides.with);
  return equalBytes(sides.money, source.money)
    ? undefined
    : refused('E_ROUTE', { reason: 'the account is of another money' }, means);
}

/** After `judgeAct`: uses the event up, and writes the act into the window. Gives what its record says of that. */
export function countAct(
  { id, given, source }: Actor,
  { amount, content }: { readonly amount: number; readonly content: string },
  seconded: boolean,
  proof: Uint8Array,
  context: Context,
) {
  const event = takeEvent(proof, id, given, context);
  if (isRefusal(event)) return event;
  const { time: at } = context;
  const recent = [...windowOf(given, at), { at, amount }];
  context.put(mandate, id, { ...given, recent, ...versionOf(context) });
  const { windowAmount, windowCount } = given.limits;
  return {
    ...{ mandate: id, thing: given.thing, money: source.money, amount, content, at, seconded },
    ...{ ...event, windowAmount, windowCount },
  };
}

/** `judgeAct` and `countAct`, for acts that ask nothing between the two. */
export function takeAct(
  actor: Actor,
  deed: Omit<Deed, 'means'>,
  proof: Uint8Array,
  context: Context,
): ReturnType<typeof countAct> | ContractRefusal {
  const seconded = judgeAct(actor, deed, context);
  return typeof seconded === 'boolean' ? countAct(actor, deed, seconded, proof, context) : seconded;
}

type ThingAct = ValueOf<typeof thingAct>;
interface Done extends Pick<ThingAct, 'kind' | 'counterparty' | 'subject'> {
  readonly received?: number;
  readonly spent?: number;
  readonly interest?: number;
}

/** The record of any act but a payment, which has one of its own. */
export function recordAct(
  { given }: Actor,
  counted: Pick<ThingAct, keyof typeof actFields>,
  done: Done,
  context: Context,
): void {
  const value = { received: 0, spent: 0, interest: 0, ...counted, ...done, owner: given.owner };
  context.put(thingAct, context.callId, { ...value, ...versionOf(context) });
}

/** Did the second device sign an act that needs it? It must be fit to. */
function isSeconded(given: Mandate, amount: number, context: Context): boolean | ContractRefusal {
  if (given.second === undefined || amount <= given.limits.threshold) return false;
  const second = activeDevice(given.second, given.owner, context);
  return isRefusal(second) ? second : context.signedByKey(second.key);
}

/** Marks the reading as used, or refuses: not the thing's own, not fresh, used before. */
function takeEvent(
  proof: Uint8Array,
  id: Uint8Array,
  { thing, owner }: Mandate,
  context: Context,
): { readonly event: Uint8Array; readonly eventRoot: Uint8Array } | ContractRefusal {
  const observed = observe([proof], { owner, monitor: owner }, context.time, context);
  if (isRefusal(observed)) return observed;
  if (!observed.observations.some(({ device }) => equalBytes(device, thing)))
    return refused('E_EVIDENCE', { reason: 'the event is not the thing’s own' }, thing);
  return (
    consumeReadings(observed.uses, id, context) ?? { event: observed.uses[0]!, eventRoot: observed.root }
  );
}
