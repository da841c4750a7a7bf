/**
 * Random walks over bills and things: signers, holders and strangers act in any order, calls arrive late and twice,
 * finality pauses, owners change. After every step the invariants of semantics §7 hold, a refusal has written nothing,
 * nothing was rewritten. What took effect is counted, so that walks which go nowhere fail.
 */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { equalBytes } from '../codec/bytes.ts';
import { transitions } from '../contracts/index.ts';
import { findBreaches, findRewrites } from '../contracts/invariants.ts';
import { bill } from '../contracts/objects/bill.ts';
import { conflictId, identityConflict } from '../contracts/objects/identity-conflict.ts';
import { account, accountId } from '../contracts/objects/money.ts';
import { thing } from '../contracts/objects/thing.ts';
import { device } from '../contracts/registry.ts';
import type { SignedCall } from '../vertex/call.ts';
import { BillStory, FACE } from './bill-steps.ts';
import { codeOf, DAY_MS } from './contract-story.ts';
import { HOUR_MS, idOf, type Outcome, type PartyName, seats, World } from './contract-world.ts';
import { claimOf, report, resolve } from './identity-steps.ts';
import { closeOf, euros, redeemFrom } from './loan-steps.ts';
import { MONDAY_NOON_MS, ThingStory, truck } from './thing-steps.ts';

const acts = ['draw-by-thing', 'repay-by-thing', 'pledge-by-thing', 'buy-by-thing', 'sell-by-thing'];

const WALKS = 150;
const STEPS = 60;
const SEED = 20_260_106;

const walk = suite('walk of bills and things');

const names = ['acme', 'zenith', 'carrier', 'bankA', 'bankB'] as const;
const owners = ['acme', 'zenith'] as const;

/** `next` is what the bill's state suggests; the others come whether it makes sense or not. */
const weights = {
  next: 16,
  issue: 2,
  accept: 1,
  endorse: 3,
  discount: 2,
  present: 1,
  pay: 2,
  refuse: 1,
  dishonour: 1,
  claim: 2,
  takeUp: 3,
  spend: 14,
  spendMuch: 4,
  acknowledge: 3,
  give: 3,
  narrow: 2,
  revoke: 1,
  suspend: 1,
  warn: 2,
  resume: 4,
  expire: 3,
  open: 6,
  transfer: 1,
  revokeDevice: 1,
  enrol: 2,
  fund: 1,
  close: 1,
  claimDevice: 1,
  resolveClaim: 2,
  copy: 1,
  repeat: 3,
  deliver: 3,
  pause: 5,
};
type Action = keyof typeof weights;

interface Step {
  readonly action: Action;
  readonly who: number;
  readonly whom: number;
  readonly amount: number;
  readonly twist: number;
  /** Signed now, submitted later. */
  readonly late: boolean;
}
const step: fc.Arbitrary<Step> = fc.record(
  {
    action: fc.oneof(
      ...Object.entries(weights).map(([action, weight]) => ({
        weight,
        arbitrary: fc.constant(action as Action),
      })),
    ),
    who: fc.nat(names.length - 1),
    whom: fc.nat(names.length - 1),
    amount: fc.integer({ min: 1, max: 6_000 }),
    twist: fc.nat(31),
    late: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
  },
  { noNullPrototype: true },
);

interface Walk {
  readonly world: World;
  readonly bills: BillStory;
  readonly things: ThingStory;
  /** Bills and mandates so far: a step acts on one of them. */
  readonly billIds: Uint8Array[];
  readonly mandateIds: Uint8Array[];
  readonly taken: SignedCall[];
  readonly held: SignedCall[];
}

function startWalk(): Walk {
  const world = World.enrolled();
  world.time = MONDAY_NOON_MS;
  const bills = new BillStory(world);
  const things = new ThingStory(world);
  for (const name of names) bills.fund(name, 2 * FACE);
  things.enrol('phone');
  things.open();
  things.give();
  bills.issue({ due: world.time + 2 * DAY_MS, payDays: 1 });
  return {
    ...{ world, bills, things, taken: [], held: [] },
    ...{ billIds: [bills.bill], mandateIds: [things.mandate] },
  };
}
const beginning = startWalk();

function forkWalk({ world, bills, things, billIds, mandateIds }: Walk): Walk {
  const copy = world.fork();
  return {
    ...{ world: copy, bills: bills.fork(copy), things: things.fork(copy) },
    ...{ billIds: [...billIds], mandateIds: [...mandateIds], taken: [], held: [] },
  };
}

const nameOf = (id: Uint8Array): PartyName => names.find((name) => equalBytes(idOf(name), id)) ?? 'carrier';

/** The step that the bill's state suggests, by whom it takes to do it. */
function suggest({ world, bills }: Walk, { whom, twist }: Step): Outcome {
  const held = world.read(bill, bills.bill);
  const holder = nameOf(held.holder);
  switch (held.state) {
    case 'ISSUED':
      return twist % 4 === 0 ? bills.endorse(holder, names[whom]!) : bills.accept();
    case 'ACCEPTED':
      if (world.time >= held.due) return bills.present(holder);
      return twist % 4 === 0
        ? bills.discount(holder)
        : bills.endorse(holder, names[whom]!, twist % 8 === 1 ? FACE - 1 : FACE);
    case 'PRESENTED':
      if (twist % 4 === 0) return bills.refuse();
      if (twist % 4 === 1) return bills.pay();
      world.pass(2 * DAY_MS);
      return bills.dishonour();
    case 'DISHONOURED':
      return bills.claim(holder, nameOf(twist % 2 === 0 ? held.drawer : held.drawee));
    default:
      return bills.takeUp(nameOf(twist % 2 === 0 ? held.drawer : (held.claimed ?? held.drawee)));
  }
}

function take(going: Walk, taking: Step): Outcome | undefined {
  const { world, bills, things } = going;
  const { action, amount, twist } = taking;
  const who = names[taking.who]!;
  const whom = names[taking.whom]!;
  const owner = nameOf(world.read(device, truck).owner);
  things.mandate = going.mandateIds[twist % going.mandateIds.length]!;
  bills.bill = going.billIds[twist % going.billIds.length]!;
  const payment = {
    amount,
    payee: idOf(twist % 8 === 0 ? whom : 'carrier'),
    content: twist % 16 === 1 ? 'fuel' : 'toll',
  };
  switch (action) {
    case 'next':
      return suggest(going, taking);
    case 'issue': {
      const due = world.time + (twist % 4) * DAY_MS;
      return bills.issue(
        { due, payDays: twist % 3, payee: idOf(whom), transferable: twist % 8 !== 0, drawer: idOf(who) },
        [who],
      );
    }
    case 'endorse':
      return bills.endorse(who, whom, twist < 3 ? FACE - 1 : FACE);
    case 'discount':
      return bills.discount(who, { rateBp: twist * 50 });
    case 'present':
      return bills.present(who);
    case 'claim':
      return bills.claim(who, whom);
    case 'takeUp':
      return bills.takeUp(who);
    case 'spend':
      return things.pay({
        ...payment,
        amount: Math.min(amount, 2_000),
        // Now and then the scale's reading, which is not the truck's own.
        ...(twist % 8 === 2 && {
          reading: { device: 'scale', signedBy: 'scale', values: { weight: '1' } },
        }),
      });
    case 'spendMuch':
      return things.pay(payment, twist % 4 === 0 ? ['truck'] : ['truck', 'phone']);
    case 'acknowledge':
      return things.acknowledge(things.payment, [twist % 4 === 0 ? who : 'carrier']);
    case 'give':
      return things.give({ amountMax: 6_000, until: world.time + (twist % 5) * DAY_MS }, {}, [owner]);
    case 'narrow':
      return things.narrow({ windowCount: 1 + (twist % 4), threshold: amount }, [owner]);
    case 'revoke':
      return things.revoke([twist % 2 === 0 ? owner : who]);
    case 'suspend':
      return things.suspend(twist % 2 === 0 ? owner : who);
    case 'resume':
      return things.resume(['acme', 'zenith', 'bankA']);
    case 'open':
      return things.open({ ownedSince: world.read(thing, truck).ownedSince + (twist % 4 === 0 ? 1 : 0) }, [
        owner,
        'bankA',
        'truck',
      ]);
    case 'transfer': {
      const to = owners[taking.whom % 2]!;
      return things.transfer(to, [owner, to, 'monitor']);
    }
    case 'revokeDevice':
      return things.revokeDevice(twist % 2 === 0 ? 'truck' : 'phone', owner);
    case 'enrol':
      return things.enrol(twist % 2 === 0 ? 'truck' : 'phone', owners[taking.whom % 2]!);
    case 'fund':
      return bills.fund(who, amount * 1_000);
    case 'claimDevice':
      return claimOf(things, who);
    case 'resolveClaim': {
      const isOpen = (name: PartyName): boolean =>
        world.get(identityConflict, conflictId(truck, idOf(name)))?.state === 'OPEN';
      const claimant = names.find(isOpen) ?? whom;
      return resolve(things, twist % 2 === 0, [...seats.slice(twist % 4), who], truck, claimant);
    }
    case 'copy':
      return report(things);
    case 'close': {
      const held = world.get(account, accountId(euros(), idOf(owner)));
      if (held !== undefined && held.balance > 0 && twist % 2 === 0)
        redeemFrom({ world }, owner, held.balance);
      return closeOf({ world }, owner);
    }
    case 'repeat':
      return going.taken.length === 0 ? undefined : world.execute(going.taken[twist % going.taken.length]!);
    case 'deliver': {
      const call = going.held.shift();
      return call && world.execute(call);
    }
    case 'pause':
      if (twist < 4) world.pause((1 + twist) * DAY_MS);
      else world.pass([HOUR_MS, 7 * HOUR_MS, DAY_MS, 2 * DAY_MS][twist % 4]!);
      return undefined;
    default:
      return action === 'accept' || action === 'pay' || action === 'refuse' || action === 'dishonour'
        ? bills[action]()
        : things[action]();
  }
}

/** Takes the step in a fork and keeps its call, signed, for a later `deliver`. */
function hold(going: Walk, taking: Step): void {
  const aside = forkWalk(going);
  aside.taken.push(...going.taken);
  aside.world.onCall = (call) => void going.held.push(call);
  take(aside, taking);
}

const taken = new Map<string, number>();
const count = (name: string): void => void taken.set(name, (taken.get(name) ?? 0) + 1);

function checkStep(going: Walk, taking: Step): void {
  if (taking.late) return hold(going, taking);
  const { world } = going;
  const before = [...world.objects()];
  const root = world.root();
  const outcome = take(going, taking);
  if (outcome === undefined) return;
  count(codeOf(outcome));
  if (outcome.refusal !== undefined) {
    assert.is(world.root(), root, 'a refusal changes nothing');
    return;
  }
  const name = world.callOf(outcome.id);
  count(name);
  if (name === 'issue-bill') going.billIds.push(outcome.id);
  if (name === 'give-mandate') going.mandateIds.push(outcome.id);
  assert.equal(findBreaches(world), []);
  assert.equal(findRewrites(before, world.objects()), []);
}

walk(`${WALKS} walks of ${STEPS} steps on average break no invariant`, () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 2 * STEPS, size: 'max' }), (steps) => {
      const going = forkWalk(beginning);
      going.world.onCall = (call) => void going.taken.push(call);
      for (const taking of steps) checkStep(going, taking);
      for (const id of going.billIds) count(`bill ${going.world.read(bill, id).state}`);
    }),
    { numRuns: WALKS, seed: SEED, includeErrorInReport: true },
  );
});

walk('the walks went everywhere', () => {
  const rows = [...transitions.values()].filter(({ row }) => row >= 35 && row <= 43);
  const wanted = [
    // What a thing does beside paying has a walk of its own: contracts-walk-acts.
    ...rows.map(({ name }) => name).filter((name) => name !== 'redeem-money' && !acts.includes(name)),
    ...['expire', 'claim-device', 'resolve-claim', 'report-copy'],
    ...['ACCEPTED', 'PRESENTED', 'PAID', 'DISHONOURED', 'RECOURSE', 'SETTLED'].map(
      (state) => `bill ${state}`,
    ),
    ...['E_REPLAY', 'E_NOT_HOLDER', 'E_PARTIAL', 'E_EARLY', 'E_PAID', 'E_NO_PRESENT', 'E_STANDING'],
    ...['E_NOT_DUE', 'E_DEVICE_STATE', 'E_EVIDENCE', 'E_STATE', 'E_SCOPE', 'E_FUNDS', 'E_FROZEN', 'E_ROLE'],
    ...['E_MANDATE', 'E_MANDATE_PAYEE', 'E_MANDATE_CONTENT', 'E_MANDATE_AMOUNT', 'E_MANDATE_FREQUENCY'],
  ];
  const rare = wanted.filter((name) => (taken.get(name) ?? 0) < 5);
  assert.equal(rare, [], JSON.stringify(Object.fromEntries(taken)));
});

walk.run();
