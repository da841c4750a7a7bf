/** Steps of bills and things (rows 35–43): what a test leaves out is plain. */

import { dishonour, payBill, presentBill, takeRecourse } from '../contracts/transitions/bill-payment.ts';
import { acceptBill, discount, endorse, issueBill } from '../contracts/transitions/bills.ts';
import { payByThing, resumeMandate, suspendMandate } from '../contracts/transitions/thing-payments.ts';
import { giveMandate, narrowMandate, openAccount, revokeMandate } from '../contracts/transitions/things.ts';
import { DAY_MS } from './contract-story.ts';
import {
  type ArgsOf,
  deviceId,
  HOUR_MS,
  idOf,
  type Outcome,
  type PartyName,
  World,
} from './contract-world.ts';
import { euros, issueTo } from './loan-steps.ts';

export const FACE = 1_000_000;

/** A world in which everybody has two million of bank A's euros. */
export function funded(): World {
  const world = World.enrolled();
  for (const name of ['acme', 'zenith', 'bankB', 'carrier', 'warehouse'] as const) issueTo({ world }, name);
  return world;
}

/** zenith draws on acme, payable to zenith, in thirty days. */
export function draft(
  world: World,
  changes: Partial<ArgsOf<typeof issueBill>> = {},
  by: readonly string[] = ['zenith'],
): Outcome {
  const args = {
    drawer: idOf('zenith'),
    drawee: idOf('acme'),
    payee: idOf('zenith'),
    face: FACE,
    money: euros(),
    due: world.time + 30 * DAY_MS,
    place: 'Hamburg',
    transferable: true,
    ...changes,
  };
  return world.run(issueBill, args, by);
}
export const accept = (world: World, bill: Uint8Array): Outcome => world.run(acceptBill, { bill }, ['acme']);

/** An accepted bill. */
export function accepted(world: World = funded()) {
  const { id } = draft(world);
  accept(world, id);
  return { world, bill: id };
}

export const passOn = (world: World, bill: Uint8Array, from: PartyName, to: PartyName, sum = FACE): Outcome =>
  world.run(endorse, { bill, to: idOf(to), sum }, [from, to]);
export const sellTo = (
  world: World,
  bill: Uint8Array,
  changes: Partial<ArgsOf<typeof discount>> = {},
  by: readonly string[] = ['zenith', 'bankB'],
): Outcome => world.run(discount, { bill, bank: idOf('bankB'), rateBp: 600, dayBasis: 360, ...changes }, by);
export const present = (world: World, bill: Uint8Array, by = 'zenith'): Outcome =>
  world.run(presentBill, { bill }, [by]);
export const settle = (world: World, bill: Uint8Array): Outcome => world.run(payBill, { bill }, ['acme']);
export const refuse = (world: World, bill: Uint8Array, refused = true): Outcome =>
  world.run(dishonour, { bill, refused }, refused ? ['acme'] : []);
export const recourse = (world: World, bill: Uint8Array, payer: PartyName): Outcome =>
  world.run(takeRecourse, { bill, payer: idOf(payer) }, [payer]);

/** Due and presented, by whoever holds it. */
export function presented(by = 'zenith') {
  const { world, bill } = accepted();
  if (by === 'bankB') {
    passOn(world, bill, 'zenith', 'carrier');
    passOn(world, bill, 'carrier', 'bankB');
  }
  world.pass(30 * DAY_MS);
  present(world, bill, by);
  return { world, bill };
}

export const truck = deviceId('truck');

export function openFor(
  world: World,
  changes: Partial<ArgsOf<typeof openAccount>> = {},
  by: readonly string[] = ['acme', 'bankA', 'truck'],
): Outcome {
  return world.run(openAccount, { device: truck, owner: idOf('acme'), money: euros(), ...changes }, by);
}

export function mandateFor(
  world: World,
  changes: Partial<ArgsOf<typeof giveMandate>> = {},
  by: readonly string[] = ['acme'],
): Outcome {
  const args = {
    device: truck,
    payees: [idOf('carrier'), idOf('warehouse')],
    contents: ['fuel', 'toll'],
    until: world.time + 30 * DAY_MS,
    dayFrom: 0,
    dayUntil: 1_440,
    secondKey: undefined,
    money: euros(),
    perPayment: 20_000,
    perWindow: 50_000,
    windowMs: DAY_MS,
    countPerWindow: 4,
    secondAbove: 20_000,
    ...changes,
  };
  return world.run(giveMandate, args, by);
}

/** A truck that may pay. */
export function mandated(changes: Partial<ArgsOf<typeof giveMandate>> = {}) {
  const world = funded();
  openFor(world);
  return { world, mandate: mandateFor(world, changes).id };
}

export const eventOf = (world: World, device = 'truck', counter?: number): Uint8Array =>
  world.reading({ device, values: { latitude: '52.5', longitude: '13.4' }, ...(counter && { counter }) });

export function buy(
  world: World,
  mandate: Uint8Array,
  changes: Partial<ArgsOf<typeof payByThing>> = {},
  by: readonly string[] = ['truck'],
): Outcome {
  const event = changes.event ?? [eventOf(world)];
  const args = { mandate, payee: idOf('carrier'), content: 'fuel', amount: 15_000, ...changes, event };
  return world.run(payByThing, args, by);
}

export function narrow(
  world: World,
  mandate: Uint8Array,
  changes: Partial<ArgsOf<typeof narrowMandate>> = {},
): Outcome {
  const args = {
    mandate,
    payees: [idOf('carrier')],
    contents: ['fuel'],
    until: world.time + HOUR_MS,
    perPayment: 10_000,
    perWindow: 20_000,
    countPerWindow: 2,
    ...changes,
  };
  return world.run(narrowMandate, args, ['acme']);
}
export const revoke = (world: World, mandate: Uint8Array): Outcome =>
  world.run(revokeMandate, { mandate }, ['acme']);
export const suspend = (world: World, mandate: Uint8Array, by?: PartyName): Outcome =>
  world.run(suspendMandate, { mandate, by: by && idOf(by) }, by === undefined ? [] : [by]);
export const resume = (world: World, mandate: Uint8Array, by: readonly string[] = ['acme']): Outcome =>
  world.run(resumeMandate, { mandate }, by);
