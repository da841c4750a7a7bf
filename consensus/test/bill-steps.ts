/** Steps of the bills' rows (35–39): zenith draws on acme to its own order, and passes the bill on. */

import { asciiBytes } from '../codec/bytes.ts';
import { bill } from '../contracts/objects/bill.ts';
import { discountBill } from '../contracts/transitions/discount-bill.ts';
import { dishonourBill, refuseBill } from '../contracts/transitions/dishonour-bill.ts';
import { endorseBill } from '../contracts/transitions/endorse-bill.ts';
import { acceptBill, issueBill } from '../contracts/transitions/issue-bill.ts';
import { issueMoney } from '../contracts/transitions/money.ts';
import { payBill, presentBill } from '../contracts/transitions/pay-bill.ts';
import { claimRecourse, payRecourse } from '../contracts/transitions/recourse.ts';
import { hash } from '../crypto/hash.ts';
import { DAY_MS } from './contract-story.ts';
import {
  type ArgsOf,
  HOUR_MS,
  idOf,
  type Outcome,
  type PartyName,
  START_MS,
  World,
} from './contract-world.ts';
import { euros } from './loan-steps.ts';
import { type Payment, ThingStory } from './thing-steps.ts';

export const FACE = 1_000_000;
export const DUE = START_MS + 90 * DAY_MS;

export const billStages = ['issued', 'accepted', 'endorsed', 'due', 'presented', 'dishonoured'] as const;
export type BillStage = (typeof billStages)[number];

const nothing = hash('label', asciiBytes('no bill'));

export class BillStory {
  readonly world: World;
  bill = nothing;

  constructor(world: World) {
    this.world = world;
  }

  fork(into: World = this.world.fork()): BillStory {
    return Object.assign(new BillStory(into), { bill: this.bill });
  }

  fund(to: PartyName, amount = FACE, issuer: PartyName = 'bankA', currency = 'EUR'): Outcome {
    const args = { issuer: idOf(issuer), to: idOf(to), currency, amount, reference: 'TX-1' };
    return this.world.run(issueMoney, args, [issuer]);
  }

  issue(changes: Partial<ArgsOf<typeof issueBill>> = {}, by: readonly string[] = ['zenith']): Outcome {
    const args = {
      drawer: idOf('zenith'),
      drawee: idOf('acme'),
      payee: idOf('zenith'),
      money: euros(),
      face: FACE,
      due: DUE,
      place: 'Hamburg',
      payDays: 2,
      transferable: true,
      ...changes,
    };
    const outcome = this.world.run(issueBill, args, by);
    if (outcome.refusal === undefined) this.bill = outcome.id;
    return outcome;
  }

  accept(by: readonly string[] = ['acme']): Outcome {
    return this.world.run(acceptBill, { bill: this.bill }, by);
  }

  endorse(from: PartyName, to: PartyName, amount = FACE, by: readonly string[] = [from, to]): Outcome {
    return this.world.run(endorseBill, { bill: this.bill, to: idOf(to), amount }, by);
  }

  discount(
    from: PartyName,
    changes: Partial<ArgsOf<typeof discountBill>> = {},
    by: readonly string[] = [from, 'bankB'],
  ): Outcome {
    const args = {
      bill: this.bill,
      bank: idOf('bankB'),
      money: euros(),
      rateBp: 500,
      dayBasis: '360' as const,
      ...changes,
    };
    return this.world.run(discountBill, args, by);
  }

  present(holder: PartyName): Outcome {
    return this.world.run(presentBill, { bill: this.bill }, [holder]);
  }

  pay(by: readonly string[] = ['acme']): Outcome {
    return this.world.run(payBill, { bill: this.bill }, by);
  }

  refuse(by: readonly string[] = ['acme']): Outcome {
    return this.world.run(refuseBill, { bill: this.bill }, by);
  }

  dishonour(): Outcome {
    return this.world.run(dishonourBill, { bill: this.bill }, []);
  }

  claim(holder: PartyName, against: PartyName): Outcome {
    return this.world.run(claimRecourse, { bill: this.bill, against: idOf(against) }, [holder]);
  }

  takeUp(payer: PartyName, by: readonly string[] = [payer]): Outcome {
    return this.world.run(payRecourse, { bill: this.bill, payer: idOf(payer) }, by);
  }

  state(): string {
    return this.world.read(bill, this.bill).state;
  }

  /** Takes every step up to `stage`; each must take effect. From `endorsed` on, bankB holds it through carrier. */
  reach(stage: BillStage, acceptedToo = true): this {
    const steps: readonly (() => readonly (Outcome | undefined)[])[] = [
      () => [this.fund('bankA', 1), this.issue()],
      () => [acceptedToo ? this.accept() : undefined],
      () => [this.endorse('zenith', 'carrier'), this.endorse('carrier', 'bankB')],
      () => {
        this.world.time = DUE;
        return [];
      },
      () => [this.present('bankB')],
      () => [this.refuse()],
    ];
    for (const step of steps.slice(0, billStages.indexOf(stage) + 1)) {
      for (const outcome of step()) {
        if (outcome?.refusal !== undefined) throw new Error(JSON.stringify(outcome.refusal));
      }
    }
    return this;
  }
}

const reached = new Map<string, BillStory>();

/** A fresh copy of the plain story at `stage`. */
export function billAt(stage: BillStage | 'none', acceptedToo = true): BillStory {
  const name = `${stage} ${acceptedToo}`;
  let story = reached.get(name);
  if (story === undefined) {
    story = new BillStory(World.enrolled());
    if (stage !== 'none') story.reach(stage, acceptedToo);
    reached.set(name, story);
  }
  return story.fork();
}

/** For walks over the whole machine: a step on a world, in which bills and mandates are named by their ids. */
const billOf = (world: World, id: Uint8Array): BillStory => Object.assign(new BillStory(world), { bill: id });

/** A world in which everybody has two million of bank A's euros. */
export function funded(): World {
  const world = World.enrolled();
  const story = new BillStory(world);
  for (const name of ['acme', 'zenith', 'bankB', 'carrier', 'warehouse'] as const) story.fund(name, 2 * FACE);
  return world;
}

/** zenith draws on acme to its own order, in thirty days. */
export const draft = (world: World): Outcome =>
  new BillStory(world).issue({ due: world.time + 30 * DAY_MS, payDays: 1 });
export const accept = (world: World, bill: Uint8Array): Outcome => billOf(world, bill).accept();
export const passOn = (world: World, bill: Uint8Array, from: PartyName, to: PartyName, sum = FACE): Outcome =>
  billOf(world, bill).endorse(from, to, sum);
export const sellTo = (
  world: World,
  bill: Uint8Array,
  changes: Partial<ArgsOf<typeof discountBill>> = {},
  by: readonly string[] = ['zenith', 'bankB'],
): Outcome => billOf(world, bill).discount('zenith', { rateBp: 600, ...changes }, by);
export const present = (world: World, bill: Uint8Array, by: PartyName = 'zenith'): Outcome =>
  billOf(world, bill).present(by);
export const settle = (world: World, bill: Uint8Array): Outcome => billOf(world, bill).pay();
export const refuse = (world: World, bill: Uint8Array, refused = true): Outcome =>
  refused ? billOf(world, bill).refuse() : billOf(world, bill).dishonour();
export const recourse = (world: World, bill: Uint8Array, payer: PartyName): Outcome =>
  billOf(world, bill).takeUp(payer);

/** Accepted, in zenith's hands. */
export function accepted(world: World = funded()) {
  const { id } = draft(world);
  accept(world, id);
  return { world, bill: id };
}

/** Due and presented, by whoever holds it: bankB has it from carrier. */
export function presented(by: 'zenith' | 'bankB' = 'zenith') {
  const { world, bill } = accepted();
  if (by === 'bankB') {
    passOn(world, bill, 'zenith', 'carrier');
    passOn(world, bill, 'carrier', 'bankB');
  }
  world.pass(30 * DAY_MS);
  present(world, bill, by);
  return { world, bill };
}

const thingOf = (world: World, id: Uint8Array): ThingStory =>
  Object.assign(new ThingStory(world), { mandate: id });

export const openFor = (world: World): Outcome => new ThingStory(world).open();
/** Twenty thousand a payment, fifty thousand and four payments a day, at any hour of thirty days. */
const dayLong = {
  ...{ contents: ['fuel', 'toll'], fromMinute: 0, untilMinute: 1_440 },
  ...{ amountMax: 20_000, windowAmount: 50_000, windowCount: 4, threshold: 20_000 },
};
export const mandateFor = (world: World): Outcome =>
  new ThingStory(world).give({ ...dayLong, until: world.time + 30 * DAY_MS }, { second: undefined });
/** A truck that may pay. */
export function mandated() {
  const world = funded();
  openFor(world);
  return { world, mandate: mandateFor(world).id };
}
export const buy = (world: World, mandate: Uint8Array, changes: Payment = {}): Outcome =>
  thingOf(world, mandate).pay({ amount: 15_000, ...changes });
export const narrow = (world: World, mandate: Uint8Array): Outcome =>
  thingOf(world, mandate).narrow({
    ...dayLong,
    ...{ amountMax: 10_000, windowAmount: 20_000, windowCount: 2, threshold: 20_000 },
    until: world.time + HOUR_MS,
  });
export const revoke = (world: World, mandate: Uint8Array): Outcome => thingOf(world, mandate).revoke();
export const suspend = (world: World, mandate: Uint8Array, by?: PartyName): Outcome =>
  by === undefined ? thingOf(world, mandate).warn() : thingOf(world, mandate).suspend(by);
export const resume = (world: World, mandate: Uint8Array, by: readonly string[] = ['acme']): Outcome =>
  thingOf(world, mandate).resume(by);
