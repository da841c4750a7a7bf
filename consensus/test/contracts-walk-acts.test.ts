/**
 * Random walks over the four families of what a thing does (R110): it pays and is paid, draws and repays, pledges, buys and
 * sells, under mandates that are narrowed, suspended and run out, while its owner trades too and the thing changes hands.
 * After every step each result is the sum of its records, the owner's account changed by what the results say `[THG-20]`,
 * and no other invariant of semantics §7 is broken.
 */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { equalBytes } from '../codec/bytes.ts';
import { findBreaches, findRewrites, findStepBreaches } from '../contracts/invariants.ts';
import { readObject } from '../contracts/object.ts';
import { loan as loanType } from '../contracts/objects/loan.ts';
import { type Family, families } from '../contracts/objects/mandate.ts';
import { thing } from '../contracts/objects/thing.ts';
import { resultSums, thingResult } from '../contracts/objects/thing-result.ts';
import { tranche as trancheType } from '../contracts/objects/tranche.ts';
import { device } from '../contracts/registry.ts';
import { childId } from '../contracts/rules/warnings.ts';
import { repay } from '../contracts/transitions/repay.ts';
import { trancheLoan, transferTranche } from '../contracts/transitions/tranches.ts';
import { type ActStory, equippedAt, must } from './act-steps.ts';
import { codeOf } from './contract-story.ts';
import { deviceId, HOUR_MS, idOf, type Outcome, type PartyName } from './contract-world.ts';
import { closeOf, euros, issueTo } from './loan-steps.ts';
import { truck } from './thing-steps.ts';

const WALKS = 80;
const STEPS = 80;
const SEED = 20_261_201;

const walk = suite('walk of acts by things');

const weights = {
  ...{
    pay: 8,
    earn: 5,
    draw: 8,
    drawLoan: 5,
    repay: 5,
    repayLoan: 6,
    pledge: 6,
    perfect: 5,
    buy: 9,
    sell: 9,
  },
  ...{ ownerSells: 3, debtorRepays: 4, give: 6, narrow: 2, suspend: 1, resume: 3, measure: 3, divide: 3 },
  ...{ transfer: 1, open: 2, close: 1, pass: 3 },
} as const;
type Action = keyof typeof weights;

interface Step {
  readonly action: Action;
  readonly amount: number;
  readonly twist: number;
}
const step: fc.Arbitrary<Step> = fc.record(
  {
    action: fc.oneof(
      ...Object.entries(weights).map(([action, weight]) => ({
        weight,
        arbitrary: fc.constant(action as Action),
      })),
    ),
    amount: fc.integer({ min: 1, max: 900_000 }),
    twist: fc.nat(63),
  },
  { noNullPrototype: true },
);

/** The truck and its owner have money; the carrier's gate takes payments. */
function start(): ActStory {
  const acting = equippedAt('all');
  const { things } = acting;
  must(issueTo(acting, 'acme', 5_000_000), issueTo(acting, 'zenith', 5_000_000));
  must(things.enrol('gate', 'carrier'), things.open({ device: gate }, ['carrier', 'bankA', 'gate']));
  must(acting.give({ payees }));
  return acting;
}

const gate = deviceId('gate');
const parties = ['acme', 'zenith', 'carrier', 'bankA'] as const;
const payees = parties.map(idOf);
const beginning = start();

const nameOf = (id: Uint8Array): PartyName => parties.find((name) => equalBytes(idOf(name), id)) ?? 'carrier';

/** One family, two, or all; now and then none is named. */
function someFamilies(twist: number): readonly Family[] | undefined {
  if (twist % 8 === 0) return undefined;
  return twist % 4 === 1 ? families.filter((_, index) => index !== (twist >> 2) % 4) : [...families];
}

function take(acting: ActStory, { action, amount, twist }: Step): Outcome | undefined {
  const { world, things, line } = acting;
  const file = acting.file!;
  const owner = nameOf(world.read(device, truck).owner);
  const tranche = acting.tranches[twist % acting.tranches.length]!;
  const claim = world.read(trancheType, tranche);
  const holder = nameOf(claim.holder);
  const buyer = parties[(twist >> 2) % parties.length]!;
  switch (action) {
    case 'pay': {
      const payee = idOf(twist % 4 === 0 ? parties[twist % 3]! : 'carrier');
      return things.pay({ amount: 1 + (amount % 5_000), payee });
    }
    case 'earn':
      return things.pay({ amount: 1 + (amount % 5_000), payeeThing: gate }, ['truck', 'gate']);
    case 'draw':
      return acting.draw({ amount: 1 + (amount % 41_000) });
    case 'drawLoan': {
      const on = { type: 'loan', loan: file.loan, interest: twist, costs: 1 } as const;
      return acting.draw({ on, amount }, ['truck', 'phone', 'bankA']);
    }
    case 'repay':
      return acting.repay({ amount: 1 + (amount % 41_000) });
    case 'repayLoan':
      return acting.repayLoan({ amount }, ['truck', 'phone']);
    case 'pledge': {
      const outcome = acting.pledge();
      if (outcome.refusal === undefined) file.pledge = outcome.id;
      return outcome;
    }
    case 'perfect':
      return file.perfect();
    case 'buy':
      return acting.buy({ tranche, price: amount }, ['truck', 'phone', holder]);
    case 'sell':
      return acting.sell({ tranche, price: amount, to: idOf(buyer) }, ['truck', 'phone', buyer]);
    case 'ownerSells': {
      const args = { tranche, to: idOf(buyer), money: euros(), price: amount };
      return world.run(transferTranche, args, [holder, buyer]);
    }
    case 'debtorRepays': {
      const { loan } = claim;
      const money = twist % 4 === 0 ? undefined : euros();
      const args = {
        loan,
        payer: idOf('zenith'),
        currency: 'EUR',
        amount: 1 + (amount % (twist % 8 === 1 ? 700_000 : 90_000)),
        money,
      };
      return world.run(repay, { ...args, reference: 'TX-9' }, ['zenith', 'bankA']);
    }
    case 'open':
    case 'give': {
      const { accounts, ownedSince } = world.read(thing, truck);
      if (accounts.length === 0) return things.open({ ownedSince }, [owner, 'bankA', 'truck']);
      const limits = {
        payees,
        families: someFamilies(twist),
        windowCount: 1 + twist,
        windowAmount: 2_500_000,
      };
      // The phone that countersigns is acme's.
      return owner === 'acme'
        ? acting.give(limits, {}, [owner])
        : acting.give({ ...limits, threshold: 2_000_000 }, { second: undefined }, [owner]);
    }
    case 'narrow':
      return acting.narrow({ windowCount: 1 + (twist % 4), families: ['transaction'] }, [owner]);
    case 'suspend':
      return things.suspend(owner);
    case 'resume':
      return things.resume([owner, 'acme', 'zenith']);
    case 'measure':
      return line!.measure(50 + twist);
    case 'divide': {
      const senior = Math.max(1, (world.get(loanType, file.loan)?.debt.principal ?? 2) - amount);
      const rest = (world.get(loanType, file.loan)?.debt.principal ?? 2) - senior;
      const args = { loan: file.loan, trustee: idOf('appraiser'), principals: [senior, Math.max(1, rest)] };
      const outcome = world.run(trancheLoan, args, ['bankA', 'appraiser']);
      if (outcome.refusal === undefined)
        acting.tranches = [...acting.tranches, childId(outcome.id, 0), childId(outcome.id, 1)];
      return outcome;
    }
    case 'transfer': {
      const to = owner === 'acme' ? 'zenith' : 'acme';
      return things.transfer(to, [owner, to, 'monitor']);
    }
    case 'close':
      return twist % 8 === 0 ? closeOf(acting, 'carrier') : undefined;
    default:
      world.pass([60_000, HOUR_MS, 2 * HOUR_MS, 25 * HOUR_MS][twist % 4]!);
      return undefined;
  }
}

const taken = new Map<string, number>();
const count = (name: string): void => void taken.set(name, (taken.get(name) ?? 0) + 1);

walk(
  `${WALKS} walks of ${STEPS} steps on average: the results are what the records and the accounts say`,
  () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 2 * STEPS, size: 'max' }), (steps) => {
        const acting = beginning.fork();
        const { world } = acting;
        for (const taking of steps) {
          const before = [...world.objects()];
          const root = world.root();
          const outcome = take(acting, taking);
          if (outcome === undefined) continue;
          count(codeOf(outcome));
          if (outcome.refusal !== undefined) {
            if (taking.action !== 'measure') assert.is(world.root(), root, 'a refusal changes nothing');
            continue;
          }
          count(world.callOf(outcome.id));
          assert.equal(findBreaches(world), []);
          assert.equal(findRewrites(before, world.objects()), []);
          if (taking.action !== 'measure')
            assert.equal(findStepBreaches({ objects: () => before }, world), []);
        }
        for (const stored of world.objects()) {
          if (stored.type !== thingResult.name) continue;
          const value = readObject(thingResult, stored);
          for (const sum of resultSums) if (value[sum] !== '0') count(sum);
          if (equalBytes(value.owner, idOf('zenith'))) count('of another owner');
        }
      }),
      { numRuns: WALKS, seed: SEED, includeErrorInReport: true },
    );
  },
);

walk('the walks went everywhere', () => {
  const wanted = [
    ...[
      'pay-by-thing',
      'draw-by-thing',
      'repay-by-thing',
      'pledge-by-thing',
      'buy-by-thing',
      'sell-by-thing',
    ],
    ...['transfer-tranche', 'repay', 'tranche-loan', 'perfect-pledge', 'transfer-thing', 'narrow-mandate'],
    ...['E_MANDATE_CONTENT', 'E_MANDATE_FREQUENCY', 'E_MANDATE_AMOUNT', 'E_SCOPE', 'E_LIMIT', 'E_ENCUMBERED'],
    ...[...resultSums, 'of another owner'],
  ];
  const rare = wanted.filter((name) => (taken.get(name) ?? 0) < 5);
  assert.equal(rare, [], JSON.stringify(Object.fromEntries(taken)));
});

walk.run();
