/**
 * Random walks over the whole machine: several files of two enterprises and two banks in one world, prices and stock
 * that jump, pauses of finality, calls that come late, twice, or without a signature. Invariants of semantics §7 are
 * checked on the way. `npm run walk -- --transitions 1000000 --seed 7`; a short one runs with the tests.
 */

import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { equalBytes, toHex } from '../codec/bytes.ts';
import { findBreaches, findRewrites, findStepBreaches } from '../contracts/invariants.ts';
import { creditLimit } from '../contracts/objects/credit-limit.ts';
import { conflictId, identityConflict } from '../contracts/objects/identity-conflict.ts';
import { loan } from '../contracts/objects/loan.ts';
import { mandate } from '../contracts/objects/mandate.ts';
import { pledge } from '../contracts/objects/pledge.ts';
import { receipt } from '../contracts/objects/receipt.ts';
import { unit } from '../contracts/objects/unit.ts';
import { device } from '../contracts/registry.ts';
import { childId } from '../contracts/rules/warnings.ts';
import type { SignedCall } from '../vertex/call.ts';
import { ActStory } from './act-steps.ts';
import * as bills from './bill-steps.ts';
import * as breach from './breach-steps.ts';
import { DAY_MS, nowhere, OTHER_SSCC, QUANTITY, type Stage, Story } from './contract-story.ts';
import { deviceId, HOUR_MS, idOf, type Outcome, type PartyName, World } from './contract-world.ts';
import * as exception from './exception-steps.ts';
import * as goods from './goods-steps.ts';
import { claimOf, report, resolve } from './identity-steps.ts';
import { LimitStory, machineTerms, truckTerms } from './limit-steps.ts';
import * as money from './loan-steps.ts';
import * as policy from './policy-steps.ts';
import { ThingStory, truck } from './thing-steps.ts';
import * as trade from './undertaking-steps.ts';
import { Chance } from './walk-random.ts';

const STEPS_PER_WALK = 220;
/** The whole state is looked over after so many calls, and at the end of each walk. */
const SURVEY_EVERY = 20;

export interface Summary {
  walks: number;
  calls: number;
  effects: number;
  refusals: number;
  surveys: number;
  readonly byName: Map<string, number>;
  readonly breaches: string[];
}

export const emptySummary = (): Summary => ({
  ...{ walks: 0, calls: 0, effects: 0, refusals: 0, surveys: 0 },
  byName: new Map(),
  breaches: [],
});

const judgedAlone: readonly string[] = [
  ...['move-out', 'pay-by-thing', 'assign-loan', 'distribute', 'pay-bill'],
  ...['draw-by-thing', 'repay-by-thing', 'pledge-by-thing', 'buy-by-thing', 'sell-by-thing'],
];

type Ids = { readonly [kind: string]: Uint8Array[] };

/** One world, with what has come to be in it. */
class Walk {
  readonly world = World.enrolled();
  readonly files: readonly Story[];
  readonly chance: Chance;
  readonly history: SignedCall[] = [];
  readonly ids: Ids = Object.fromEntries(
    [
      ...[
        'notices',
        'sales',
        'swaps',
        'bills',
        'mandates',
        'orders',
        'disputes',
        'warnings',
        'tranches',
        'credits',
        'guarantees',
      ],
      'limits',
      'powers',
    ].map((kind) => [kind, []]),
  );

  constructor(chance: Chance) {
    this.chance = chance;
    this.world.policy = { ...this.world.policy, juniorPledges: chance.once(2), lienFirst: chance.once(2) };
    const sscc = new Story(this.world).reach('registered');
    const lot = new Story(this.world, { scheme: 'lot' }).reach('registered');
    const other = new Story(this.world, { label: OTHER_SSCC, enterprise: 'zenith' }).reach('registered');
    this.files = [sscc, sscc.rival('registered'), lot, lot.rival('registered'), other];
    for (const file of this.files)
      if (!chance.once(3)) this.#advance(file, chance.once(2) ? 'drawn' : 'approved');
    for (const name of ['acme', 'zenith', 'bankA', 'bankB'] as const) money.issueTo(this, name);
    bills.openFor(this.world);
    this.world.onCall = (call) => this.history.push(call);
  }

  /** Rivals cannot both come as far: whoever is refused stays where it is. */
  #advance(file: Story, stage: Stage): void {
    try {
      file.reach(stage);
      if (this.chance.once(2)) goods.price(file);
    } catch {
      file.done = 0;
    }
  }

  id(kind: string): Uint8Array {
    const known = this.ids[kind]!;
    return known.length === 0 ? nowhere : this.chance.pick(known.slice(-4));
  }

  keep(kind: string, outcome: Outcome): Outcome {
    if (outcome.refusal === undefined) this.ids[kind]!.push(outcome.id);
    return outcome;
  }

  grams(): number {
    return this.chance.pick([QUANTITY, 600_000, 400_000, 300_000, 100_000, 1, QUANTITY + 1]);
  }

  party(): PartyName {
    return this.chance.pick(walkers);
  }
}

const walkers = ['acme', 'zenith', 'bankA', 'bankB', 'carrier', 'warehouse'] as const;
type Action = (walk: Walk, story: Story) => Outcome | undefined;
const owner = (story: Story): PartyName => {
  const held = story.world.get(pledge, story.pledge);
  return held !== undefined && toHex(held.pledgor) === toHex(idOf('zenith')) ? 'zenith' : story.enterprise;
};

/** Everybody who may hold the goods by now: who signs too much does no harm. */
const holders = ['monitor', 'monitor2', 'warehouse', 'carrier'];
const enterprises: readonly PartyName[] = ['acme', 'zenith'];

/** What a file's state suggests: so that walks come far. */
function suggest(walk: Walk, story: Story): Outcome | undefined {
  const { world, chance } = walk;
  const held = world.get(pledge, story.pledge);
  const lent = world.get(loan, story.loan);
  switch (held?.state) {
    case 'WARNED':
    case 'FROZEN':
      if (chance.once(3)) return breach.cureIt(story, {}, [...holders, story.bank]);
      if (held.cureUntil < world.time) return breach.declare(story, breach.proved(story));
      break;
    case 'DEFAULTED': {
      if (chance.once(4)) return breach.waive(story);
      const notice = breach.proved(story, 'enforcement');
      world.pass(10 * DAY_MS);
      return walk.keep('sales', breach.openSale(story, notice));
    }
    case 'ENFORCING':
      if (held.sale === undefined) return undefined;
      if (chance.once(3)) world.pass(6 * DAY_MS);
      if (chance.once(2))
        return breach.bidFor(story, held.sale, 100_000 + chance.below(1_900_000), walk.party());
      return breach.shareOut(story, held.sale);
    default:
  }
  switch (lent?.state) {
    case 'APPLIED':
      return story.authorise();
    case 'AUTHORISED': {
      if (chance.once(4)) return story.ask();
      story.stateOrder({}, holders);
      const supplied = story.supply({}, holders);
      if (supplied.refusal?.code === 'E_SCOPE') return chance.once(3) ? story.withdraw() : story.authorise();
      return supplied.refusal === undefined ? story.evaluate() : supplied;
    }
    case 'EVALUATED':
      return story.approve({ limit: 1 + chance.below(1_400_000), ...creditLimitFor(walk) });
    case 'APPROVED':
      if (lent.limitUntil < world.time) return money.lapse(story, 'approval', story.loan);
      if (held?.state === 'AGREED') return story.perfect({}, [story.bank, ...holders]);
      if (held?.state === 'PERFECTED') return story.draw({ principal: 1 + chance.below(1_000_000) });
      if (held?.state === 'WARNED' || held?.state === 'FROZEN') return undefined;
      return story.agree({
        quantity: chance.once(2) ? QUANTITY : walk.grams(),
        line: story.scheme === 'lot' && chance.once(3) ? chance.below(900_000) : undefined,
      });
    case 'DRAWN':
      return chance.once(6)
        ? story.repay({ amount: 1 + chance.below(1_200_000) }, [...enterprises, story.bank])
        : trouble(walk, story);
    case 'REPAID':
      return held?.state === 'RELEASED' || held?.state === 'REALISED'
        ? applyAnew(walk, story)
        : story.release();
    default:
      return applyAnew(walk, story);
  }
}

/** Every other approval stands under a credit limit, be it the right one or not. */
function creditLimitFor(walk: Walk): { readonly creditLimit?: Uint8Array } {
  return walk.chance.once(2) ? { creditLimit: walk.id('limits') } : {};
}

/** One step of a credit limit: for loans, or carried by the truck and the machine. */
function stepLimit(walk: Walk): Outcome | undefined {
  const { world, chance } = walk;
  const held = Object.assign(new LimitStory(world), { limit: walk.id('limits') });
  const terms = chance.pick([[truckTerms], [machineTerms], [truckTerms, machineTerms], []]);
  const amount = 1 + chance.below(chance.pick([60_000, 1_400_000]));
  switch (held.world.get(creditLimit, held.limit)?.state) {
    case 'APPLIED':
      if (chance.once(8)) return chance.once(2) ? held.decline() : held.end();
      return held.validate({ amount: held.read().asked });
    case 'FROZEN':
      if (chance.once(2)) return held.thaw(['bankA', 'resolver']);
      break;
    case 'ACTIVE':
      if (chance.once(12)) return held.end(chance.pick(['acme', 'bankA'] as const));
      if (chance.once(12)) return held.freeze(chance.pick(['bankA', 'resolver', 'bankB'] as const));
      break;
    default:
      return walk.keep('limits', held.apply({ amount: 2 * amount, members: chance.once(2) ? [] : terms }));
  }
  switch (chance.below(6)) {
    case 0:
    case 1:
      return held.measure(chance.below(400), chance.pick(['truck', 'acme-counter'] as const));
    case 2:
      return held.draw({ amount });
    case 3:
      return held.draw({ amount: 1 + chance.below(9_000) });
    case 4:
      return held.repay({ amount });
    default:
      return held.modify({ amount, ...(chance.once(3) && { members: terms }) }, ['acme', 'bankA']);
  }
}

/** The truck borrows, repays, pledges, buys or sells, or is given a mandate for that. */
function stepAct(walk: Walk, file: Story): Outcome {
  const { world, chance } = walk;
  const line = Object.assign(new LimitStory(world), { limit: walk.id('limits') });
  const acting = new ActStory(world, { line, file });
  acting.things.mandate = walk.id('powers');
  if (world.get(mandate, acting.things.mandate)?.state !== 'ACTIVE' || chance.once(12)) {
    const payees = [idOf('bankA'), idOf('carrier'), idOf('zenith')];
    const disposable = walk.files.map(({ unit: id, receipt: document }) => document ?? id);
    const collateral = [...new Map(disposable.map((id) => [toHex(id), id])).values()];
    const limits = { payees, collateral, windowAmount: 20_000_000, windowCount: 16, threshold: 2_000_000 };
    return walk.keep('powers', acting.give(limits, { second: undefined, warnBp: undefined }));
  }
  acting.tranches = [walk.id('tranches')];
  const signers = ['truck', 'phone', 'bankA', 'bankB', 'zenith'];
  const amount = 1 + chance.below(chance.pick([9_000, 400_000]));
  const lent = world.get(loan, file.loan)?.state;
  if (lent === 'APPROVED' && chance.once(2))
    return acting.pledge({ quantity: walk.grams(), ceiling: 3 * amount }, signers);
  if (lent === 'DRAWN' && chance.once(3)) return acting.repayLoan({ amount });
  switch (chance.below(6)) {
    case 0:
      return acting.draw({ amount });
    case 1: {
      const on = { type: 'loan', loan: file.loan, interest: chance.below(100), costs: 1 } as const;
      return acting.draw({ on, amount }, signers);
    }
    case 2:
      return acting.repay({ amount });
    case 3:
      return acting.sell({ price: amount, to: idOf('zenith') }, signers);
    default:
      return acting.buy({ price: amount }, signers);
  }
}

/** The truck or the machine is revoked, or enrolled again by the other enterprise or by its own. */
function stepDevice(walk: Walk): Outcome {
  const { world, chance } = walk;
  const things = new ThingStory(world);
  const identifier = chance.pick(['truck', 'acme-counter'] as const);
  const owner = enterprises.find((name) =>
    equalBytes(world.read(device, deviceId(identifier)).owner, idOf(name)),
  )!;
  if (world.read(device, deviceId(identifier)).state === 'REVOKED')
    return things.enrol(identifier, chance.once(3) ? 'zenith' : 'acme');
  const to = owner === 'acme' ? 'zenith' : 'acme';
  return owner === 'acme' && chance.once(2)
    ? things.revokeDevice(identifier, owner)
    : things.transfer(to, ['acme', 'zenith', 'monitor'], identifier);
}

/** Whose the truck is comes in question, or its key is found in two places; and that is cleared up. */
function stepIdentity(walk: Walk): Outcome {
  const { world, chance } = walk;
  const things = new ThingStory(world);
  const { state, owner } = world.read(device, truck);
  if (state === 'COPIED') {
    const holder = enterprises.find((name) => equalBytes(owner, idOf(name)))!;
    return things.enrol('truck', holder, `truck ${chance.below(1_000)}`, true);
  }
  if (state === 'ACTIVE') return chance.once(4) ? report(things) : claimOf(things, walk.party());
  const claimant = walkers.find((name) => isOpen(world, name)) ?? walk.party();
  return resolve(things, chance.once(2), chance.once(3) ? [walk.party()] : undefined, truck, claimant);
}

function isOpen(world: World, claimant: PartyName): boolean {
  return world.get(identityConflict, conflictId(truck, idOf(claimant)))?.state === 'OPEN';
}

/** Governance states another policy pack, now and then one that bars somebody; banks and monitors know their customers. */
function stepPolicy(walk: Walk): Outcome {
  const { chance } = walk;
  const enterprise = chance.pick(enterprises);
  switch (chance.below(4)) {
    case 0:
      return policy.forget(walk, enterprise);
    case 1:
      return policy.state(walk, {
        kycRequired: chance.once(4),
        caps: [{ currency: 'EUR', most: chance.pick([900_000, 50_000_000]) }],
        blocked: chance.once(6) ? [idOf(enterprise)] : [],
      });
    default:
      return policy.know(walk, enterprise);
  }
}

/** A new application by whoever owns the goods now. */
function applyAnew(walk: Walk, story: Story): Outcome {
  const holder = walk.world.get(unit, story.unit)?.owner;
  const enterprise = enterprises.find((name) => holder !== undefined && toHex(idOf(name)) === toHex(holder));
  if (enterprise !== undefined) Object.assign(story, { enterprise, receipt: undefined });
  return story.apply({ maturity: walk.world.time + 90 * DAY_MS });
}

/** What befalls a loan that is drawn. */
function trouble(walk: Walk, story: Story): Outcome | undefined {
  const { chance } = walk;
  switch (chance.below(6)) {
    case 0: {
      const kg = String(chance.pick([400, 970, 985, 994, 1000, 1006]));
      const evidence = [walk.world.reading({ device: 'scale', values: { weight: kg } })];
      return walk.keep('warnings', story.warn({ evidence }, holders));
    }
    case 1:
      goods.price(story, { price: chance.pick([300_000, 900_000, 1_400_000, 2_500_000, 5_000_000]) });
      return money.callFor(story);
    case 2:
      goods.price(story);
      return walk.keep('orders', money.orderOut(story, walk.grams(), [...enterprises, story.bank]));
    case 3:
      return breach.freezeOn(story, breach.byOrder);
    case 4:
      walk.world.pass(91 * DAY_MS);
      return breach.declare(story, breach.proved(story));
    default:
      return undefined;
  }
}

const actions: readonly (readonly [weight: number, action: Action])[] = [
  [90, suggest],
  [2, (_, story) => story.issue()],
  [2, (walk, story) => story.issue({ quantity: walk.grams(), packages: 4 })],
  [
    1,
    (walk, story) =>
      story.issue({ quantity: walk.grams(), pledge: story.pledge }, [
        'warehouse',
        'monitor',
        'acme',
        story.bank,
      ]),
  ],
  [2, (walk, story) => goods.price(story, { price: 200_000 + walk.chance.below(4_000_000) })],
  [1, (walk, story) => goods.measureStock(story, String(800 + walk.chance.below(4000)))],
  [1, (walk, story) => goods.openZone(story, { capacity: 1 + walk.chance.below(9_000_000) })],
  [
    2,
    (walk, story) =>
      goods.passTitle(story, walk.chance.pick(['acme', 'zenith']), ['acme', 'zenith', 'bankA', 'bankB']),
  ],
  [
    2,
    (walk, story) =>
      goods.passReceipt(story, walk.chance.pick(['acme', 'zenith']), ['acme', 'zenith', 'bankA', 'bankB']),
  ],
  [
    2,
    (walk, story) => {
      const outcome = goods.split(
        story,
        [600_000, 400_000],
        ['acme', 'zenith', 'bankA', 'bankB', 'warehouse'],
      );
      if (outcome.refusal === undefined) story.receipt = childId(outcome.id, walk.chance.below(2));
      return outcome;
    },
  ],
  [1, (_, story) => goods.cancel(story, ['acme', 'zenith', 'bankA', 'bankB', 'warehouse'])],
  [
    3,
    (walk, story) =>
      goods.bringIn(story, { quantity: walk.grams() }, [
        'warehouse',
        'carrier',
        'monitor',
        'monitor2',
        'acme',
        'zenith',
      ]),
  ],
  [
    5,
    (walk, story) => {
      const release = walk.chance.once(2) ? walk.id('orders') : undefined;
      const receipt = walk.chance.once(2) ? story.receipt : undefined;
      const quantity = walk.grams();
      const packages = quantity === QUANTITY ? 40 : walk.chance.below(24);
      return goods.takeOut(story, { quantity, packages, receipt, release }, [
        'warehouse',
        'carrier',
        'monitor',
        'monitor2',
        'acme',
        'zenith',
        'bankA',
        'bankB',
      ]);
    },
  ],
  [1, (_, story) => goods.handTo(story, {}, [...holders, story.bank])],
  [2, (_, story) => goods.arrive(story)],
  [
    1,
    (walk, story) =>
      goods.lose(story, { quantity: 1 + walk.chance.below(400_000), packages: walk.chance.below(3) }),
  ],
  [2, (walk, story) => walk.keep('orders', money.orderOut(story, walk.grams(), [owner(story), story.bank]))],
  [
    1,
    (walk, story) =>
      money.replaceBy(story, walk.chance.pick(walk.files), { quantity: walk.grams() }, [
        'acme',
        'zenith',
        'bankA',
        'bankB',
        'monitor',
        'monitor2',
        'warehouse',
      ]),
  ],
  [3, (_, story) => money.callFor(story)],
  [2, (_, story) => money.closeFor(story)],
  [2, (_, story) => money.payIn(story, { money: money.euros(), reference: '' }, ['acme', story.bank])],
  [1, (walk, story) => money.bringGoods(story, walk.chance.pick(walk.files), { quantity: walk.grams() })],
  [1, (_, story) => money.writeOffLoan(story)],
  [1, (_, story) => money.repayInDollars(story, {}, [story.enterprise, story.bank])],
  [2, (_, story) => money.releaseSilently(story)],
  [
    2,
    (walk, story) => {
      const [kind, id] = walk.chance.pick([
        ['grant', story.grant],
        ['approval', story.loan],
        ['reservation', story.pledge],
        ['release-order', walk.id('orders')],
        ['mandate', walk.id(walk.chance.once(2) ? 'mandates' : 'powers')],
      ] as const);
      return money.lapse(story, kind, id);
    },
  ],
  [1, (walk) => money.issueTo(walk, walk.party(), 1 + walk.chance.below(900_000))],
  [1, (walk) => money.redeemFrom(walk, walk.party(), 1 + walk.chance.below(900_000))],
  [
    2,
    (_, story) => story.repay({ money: money.euros(), reference: '', amount: 400_000 }, ['acme', story.bank]),
  ],
  [
    3,
    (walk, story) =>
      walk.keep(
        'warnings',
        story.warn(
          {
            evidence: [
              walk.world.reading({
                device: 'scale',
                values: { weight: String(400 + walk.chance.below(640)) },
              }),
            ],
          },
          ['monitor', 'monitor2'],
        ),
      ),
  ],
  [
    1,
    (walk, story) =>
      walk.keep(
        'warnings',
        story.warn(
          {
            trigger: 'temperature',
            evidence: [
              walk.world.reading({
                device: 'climate',
                values: { temperature: String(walk.chance.below(60)) },
              }),
            ],
          },
          ['monitor', 'monitor2'],
        ),
      ),
  ],
  [1, (_, story) => breach.setTriggers(story)],
  [1, (_, story) => breach.beat(story)],
  [2, (walk, story) => breach.warnOf(story, walk.chance.pick(['silence', 'insurance'] as const))],
  [
    3,
    (walk, story) =>
      breach.freezeOn(
        story,
        walk.chance.pick([
          { type: 'pledgee', warning: walk.id('warnings') },
          { type: 'policy', warning: walk.id('warnings') },
          breach.byOrder,
        ] as const),
        ['bankA', 'bankB', 'resolver'],
      ),
  ],
  [1, (walk, story) => walk.keep('notices', breach.notify(story))],
  [1, (walk, story) => breach.tryAgain(story, walk.id('notices'))],
  [2, (walk, story) => breach.declare(story, walk.id('notices'))],
  [1, (_, story) => breach.takeOver(story, {}, [story.bank, 'acme', 'zenith', 'appraiser'])],
  [1, (walk, story) => breach.shareOut(story, walk.id('sales'))],
  [
    1,
    (walk, story) => breach.bidFor(story, walk.id('sales'), 1 + walk.chance.below(2_000_000), walk.party()),
  ],
  [1, (walk, story) => walk.keep('disputes', exception.dispute(story))],
  [2, (walk, story) => exception.decideOn(story, walk.id('disputes'), walk.chance.once(2))],
  [
    1,
    (walk, story) => {
      walk.world.reading({ device: 'scale', values: { weight: '1' } });
      return exception.correct(
        story,
        { counter: 1 + walk.chance.below(60), quantity: 900_000 + walk.chance.below(200_000), packages: 40 },
        ['monitor', 'monitor2', 'bankA', 'bankB'],
      );
    },
  ],
  [
    1,
    (walk, story) =>
      exception.replaceBy2(story, { to: idOf(walk.chance.pick(['monitor', 'monitor2'] as const)) }, [
        'bankA',
        'bankB',
        'acme',
        'zenith',
        'monitor',
        'monitor2',
        'warehouse',
        'carrier',
      ]),
  ],
  [
    1,
    (_, story) => {
      const other = story.bank === 'bankA' ? 'bankB' : 'bankA';
      const outcome = exception.assign(
        story,
        exception.notices(story, [owner(story), 'monitor', 'warehouse']),
        ['bankA', 'bankB', 'monitor', 'monitor2'],
        other,
      );
      return outcome;
    },
  ],
  [
    3,
    (walk, story) => {
      const principal = walk.world.get(loan, story.loan)?.debt.principal ?? 2;
      const senior = 1 + walk.chance.below(Math.max(1, principal - 1));
      const outcome = exception.divide(
        story,
        [senior, Math.max(1, principal - senior)],
        [story.bank, 'appraiser'],
      );
      if (outcome.refusal === undefined)
        walk.ids.tranches!.push(childId(outcome.id, 0), childId(outcome.id, 1));
      return outcome;
    },
  ],
  [
    1,
    (walk, story) =>
      exception.sellTranche(story, walk.id('tranches'), 1 + walk.chance.below(400_000), money.euros(), [
        'bankA',
        'bankB',
        'zenith',
      ]),
  ],
  [
    1,
    (walk) => {
      return walk.keep('swaps', exception.agreeSwap(walk.world));
    },
  ],
  [1, (walk) => exception.lockSide(walk.world, walk.id('swaps'), walk.chance.pick(['first', 'second']))],
  [
    1,
    (walk, story) => {
      const document = story.receipt && walk.world.get(receipt, story.receipt);
      // Nobody buys what is lost.
      if (document === undefined || document.quantity === 0 || document.packages === 0) return undefined;
      const terms = walk.chance.once(3) ? { packages: 1 } : {};
      return walk.keep('credits', trade.openFor(story, terms, { amount: 1_000 }));
    },
  ],
  [1, (walk, story) => trade.present(story, walk.id('credits'), [owner(story)])],
  [1, (walk, story) => trade.lapseOfCredit(story, walk.id('credits'))],
  [1, (walk, story) => walk.keep('guarantees', trade.guaranteeFor(story, { amount: 1_000 }))],
  [1, (walk, story) => trade.demand(story, walk.id('guarantees'), 1 + walk.chance.below(700))],
  [1, (walk, story) => trade.lapseOfGuarantee(story, walk.id('guarantees'))],
  [1, (walk) => exception.settleLegs(walk.world, walk.id('swaps'))],
  [1, (walk) => exception.refundLegs(walk.world, walk.id('swaps'))],
  [1, (walk) => walk.keep('bills', bills.draft(walk.world))],
  [1, (walk) => bills.accept(walk.world, walk.id('bills'))],
  [
    2,
    (walk) =>
      bills.passOn(
        walk.world,
        walk.id('bills'),
        walk.party(),
        walk.party(),
        walk.chance.once(9) ? 1 : bills.FACE,
      ),
  ],
  [
    1,
    (walk) =>
      bills.sellTo(walk.world, walk.id('bills'), {}, [
        'zenith',
        'acme',
        'carrier',
        'warehouse',
        'bankA',
        'bankB',
      ]),
  ],
  [2, (walk) => bills.present(walk.world, walk.id('bills'), walk.party())],
  [1, (walk) => bills.settle(walk.world, walk.id('bills'))],
  [1, (walk) => bills.refuse(walk.world, walk.id('bills'), walk.chance.once(2))],
  [2, (walk) => bills.recourse(walk.world, walk.id('bills'), walk.party())],
  [1, (walk) => walk.keep('mandates', bills.mandateFor(walk.world))],
  [3, (walk) => bills.buy(walk.world, walk.id('mandates'), { amount: 1 + walk.chance.below(21_000) })],
  [1, (walk) => bills.narrow(walk.world, walk.id('mandates'))],
  [
    1,
    (walk) => bills.suspend(walk.world, walk.id('mandates'), walk.chance.pick(['acme', 'bankA', undefined])),
  ],
  [1, (walk) => bills.resume(walk.world, walk.id('mandates'), ['acme', 'bankA'])],
  [1, (walk) => bills.revoke(walk.world, walk.id('mandates'))],
  [8, stepLimit],
  [8, stepAct],
  [1, (walk) => (walk.chance.once(6) ? stepDevice(walk) : undefined)],
  [1, (walk) => (walk.chance.once(3) ? stepIdentity(walk) : undefined)],
  [1, (walk) => (walk.chance.once(2) ? stepPolicy(walk) : undefined)],
  [1, (walk) => (walk.chance.once(6) ? money.closeOf(walk, walk.party()) : undefined)],
  // Late and twice: a call of before comes again, with all its signatures or without one.
  [
    8,
    (walk) => {
      const [call] = walk.history.length === 0 ? [] : [walk.chance.pick(walk.history.slice(-60))];
      if (call === undefined) return undefined;
      const drop = walk.chance.below(2 * call.signatures.length + 1);
      return walk.world.execute({
        ...call,
        signatures: call.signatures.filter((_, index) => index !== drop),
      });
    },
  ],
  [
    4,
    (walk) => {
      walk.world.pass(walk.chance.pick([60_000, HOUR_MS, 25 * HOUR_MS, 3 * DAY_MS, 11 * DAY_MS]));
      return undefined;
    },
  ],
  [
    1,
    (walk) => {
      walk.world.pause(walk.chance.pick([9 * 60_000, HOUR_MS, DAY_MS]));
      return undefined;
    },
  ],
];
const table: readonly Action[] = actions.flatMap(([weight, action]) => Array<Action>(weight).fill(action));

/** Walks until `calls` calls were run, in worlds of so many steps each; stops at the first breach. */
export function walkOn(
  calls: number,
  seed: number,
  summary: Summary = emptySummary(),
  onWalk: (summary: Summary) => void = () => {},
  { steps, surveyEvery } = { steps: STEPS_PER_WALK, surveyEvery: SURVEY_EVERY },
): Summary {
  const chance = new Chance(seed);
  while (summary.calls < calls && summary.breaches.length === 0) {
    const walk = new Walk(chance);
    const { world } = walk;
    const count = (name: string): void => void summary.byName.set(name, (summary.byName.get(name) ?? 0) + 1);
    for (let step = 0; step < steps && summary.breaches.length === 0; step++) {
      const called = walk.history.length;
      const before = world.fork();
      const outcome = chance.pick(table)(walk, chance.pick(walk.files));
      summary.calls += walk.history.length - called;
      if (outcome === undefined) continue;
      count(outcome.refusal?.code ?? 'OK');
      const name = outcome.refusal === undefined ? world.callOf(outcome.id) : '';
      if (name === '') summary.refusals += 1;
      else {
        summary.effects += 1;
        count(name);
      }
      const due = step % surveyEvery === surveyEvery - 1 || step === steps - 1;
      // What leaves, pays or passes is judged call by call.
      const found =
        due || judgedAlone.includes(name)
          ? [...findStepBreaches(before, world), ...findRewrites(before.objects(), world.objects())]
          : [];
      if (due) found.push(...findBreaches(world));
      summary.surveys += Number(due);
      for (const { invariant, what } of found)
        summary.breaches.push(
          `seed ${seed}, walk ${summary.walks}, step ${step}, ${name}: invariant ${invariant}: ${what}`,
        );
    }
    summary.walks += 1;
    onWalk(summary);
  }
  return summary;
}

function main(): void {
  const { values } = parseArgs({
    options: {
      transitions: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const began = performance.now();
  let shown = 0;
  const summary = walkOn(Number(values.transitions), Number(values.seed), emptySummary(), (now) => {
    if (values.json || now.calls - shown < 10_000) return;
    shown = now.calls;
    const seconds = (performance.now() - began) / 1000;
    console.log(
      `${now.calls} calls, ${now.effects} took effect, ${Math.round(now.calls / seconds)} a second`,
    );
  });
  const byName = Object.fromEntries([...summary.byName].sort((a, b) => b[1] - a[1]));
  const shownSummary = {
    ...summary,
    byName,
    seed: Number(values.seed),
    ms: Math.round(performance.now() - began),
  };
  console.log(JSON.stringify(shownSummary, undefined, values.json ? 0 : 1));
  if (summary.breaches.length > 0) process.exitCode = 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
