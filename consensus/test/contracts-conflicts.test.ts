/**
 * 10,000 random spends and pledges that exclude one another (R045), and bills that were forged, altered, issued or spent
 * twice, or too late (R090): one of each set takes effect, money stays what was issued, every other has its code.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findBreaches } from '../contracts/invariants.ts';
import { readObject } from '../contracts/object.ts';
import { bill } from '../contracts/objects/bill.ts';
import { account, accountId, money } from '../contracts/objects/money.ts';
import type { Transition } from '../contracts/transition.ts';
import { agreePledge } from '../contracts/transitions/agree-pledge.ts';
import { endorseBill } from '../contracts/transitions/endorse-bill.ts';
import { issueBill } from '../contracts/transitions/issue-bill.ts';
import { redeemMoney } from '../contracts/transitions/money.ts';
import { payByThing } from '../contracts/transitions/pay-by-thing.ts';
import type { SignedCall } from '../vertex/call.ts';
import { type BillStory, billAt, DUE, FACE } from './bill-steps.ts';
import { codeOf, DAY_MS, QUANTITY, storyAt } from './contract-story.ts';
import { HOUR_MS, idOf, type PartyName, type World } from './contract-world.ts';
import { euros } from './loan-steps.ts';
import { thingAt, truckEuros } from './thing-steps.ts';
import { Chance } from './walk-random.ts';

const test = suite('conflicts');

const CALLS = 10_000;
const MUTATIONS = 1_000;

/** Calls of which one can take effect, over a world of their own, and the code of all others. */
interface ConflictSet {
  readonly world: World;
  readonly calls: readonly SignedCall[];
  readonly code: string;
}

function shuffled<T>(items: readonly T[], chance: Chance): T[] {
  const drawn = [...items];
  for (let i = drawn.length - 1; i > 0; i--) {
    const j = chance.below(i + 1);
    [drawn[i], drawn[j]] = [drawn[j]!, drawn[i]!];
  }
  return drawn;
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

const approved = storyAt('approved');
const rival = approved.rival('approved');
const payees: readonly PartyName[] = ['carrier', 'bankA', 'bankB', 'warehouse', 'monitor'];

const kinds: { readonly [kind: string]: (chance: Chance, count: number) => ConflictSet } = {
  /** Two banks, one unit: any quantity of more than the half. */
  pledges: (chance, count) => {
    const world = approved.world.fork();
    const calls = times(count, (i) => {
      const { bank, loan, unit } = i % 2 === 0 ? approved : rival;
      const quantity = QUANTITY / 2 + 1 + chance.below(QUANTITY / 2);
      const part = { unit, quantity, receipt: undefined, behind: undefined, line: undefined };
      return world.compose(agreePledge, { ...part, loan, ceiling: 1 + chance.below(1_000_000) }, [
        'acme',
        bank,
      ]);
    });
    return { world, calls, code: 'E_ENCUMBERED' };
  },
  /** Money that is redeemed again and again: each time more than the half. */
  redemptions: (chance, count) => {
    const { world } = thingAt('opened');
    const calls = times(count, () => {
      const amount = 50_001 + chance.below(50_000);
      return world.compose(redeemMoney, { money: euros(), owner: idOf('acme'), amount, reference: 'TX' }, [
        'acme',
        'bankA',
      ]);
    });
    return { world, calls, code: 'E_FUNDS' };
  },
  /** A thing with money for one payment pays several. */
  payments: (chance, count) => {
    const story = thingAt('given');
    const { world } = story;
    world.run(redeemMoney, { money: euros(), owner: idOf('acme'), amount: 98_000, reference: 'TX' }, [
      'acme',
      'bankA',
    ]);
    const calls = times(count, () => {
      const paid = {
        means: truckEuros,
        payee: idOf(chance.once(2) ? 'carrier' : 'warehouse'),
        payeeThing: undefined,
        content: 'toll',
      };
      const amount = 1_001 + chance.below(1_000);
      return world.compose(payByThing, { mandate: story.mandate, ...paid, amount, event: story.event() }, [
        'truck',
      ]);
    });
    return { world, calls, code: 'E_FUNDS' };
  },
  /** One reading that is to pay several times. */
  events: (chance, count) => {
    const story = thingAt('given');
    const { world } = story;
    const event = story.event();
    const calls = times(count, () => {
      const paid = { means: truckEuros, payee: idOf('carrier'), payeeThing: undefined, content: 'toll' };
      return world.compose(
        payByThing,
        { mandate: story.mandate, ...paid, amount: 1 + chance.below(2_000), event },
        ['truck'],
      );
    });
    return { world, calls, code: 'E_EVIDENCE' };
  },
  /** A bill that its holder passes to several. */
  bills: (_, count) => {
    const { world, bill: id } = billAt('accepted');
    const calls = times(count, (i) => {
      const to = payees[i % payees.length]!;
      return world.compose(endorseBill, { bill: id, to: idOf(to), amount: FACE }, ['zenith', to]);
    });
    return { world, calls, code: 'E_NOT_HOLDER' };
  },
};

/** Whether accounts have what was issued and not redeemed. */
function isConserved(world: World): boolean {
  let held = 0;
  let out = 0;
  for (const stored of world.objects()) {
    if (stored.type === account.name) {
      const { balance, locked } = readObject(account, stored);
      held += balance + locked;
    } else if (stored.type === money.name) {
      const { issued, redeemed } = readObject(money, stored);
      out += issued - redeemed;
    }
  }
  return held === out;
}

test(`R045: ${CALLS} random conflicting spends and pledges: one of each set takes effect, sums stay`, () => {
  const chance = new Chance(45);
  const sets = new Map<string, number>();
  const firsts = new Set<number>();
  let calls = 0;
  for (let number = 0; calls < CALLS; number++) {
    const kind = chance.pick(Object.keys(kinds));
    const set = kinds[kind]!(chance, 2 + chance.below(4));
    const indices = shuffled(
      set.calls.map((_, index) => index),
      chance,
    );
    const codes = indices.map((index) => codeOf(set.world.execute(set.calls[index]!)));
    assert.equal(codes, ['OK', ...codes.slice(1).map(() => set.code)], `set ${number}, ${kind}`);
    assert.ok(isConserved(set.world), `set ${number}, ${kind}`);
    if (number % 20 === 0) assert.equal(findBreaches(set.world), [], `set ${number}, ${kind}`);
    calls += codes.length;
    firsts.add(indices[0]!);
    sets.set(kind, (sets.get(kind) ?? 0) + 1);
  }
  console.log(`R045: ${calls} calls in ${[...sets].map((entry) => entry.join(' ')).join(', ')}`);
  assert.equal([...firsts].sort(), [0, 1, 2, 3, 4], 'whichever came first');
  for (const [kind, count] of sets) assert.ok(count > 200, `${kind}: ${count}`);
});

/** What is done to a sound bill, and the code that it must have. */
interface Mutation {
  readonly code: string;
  run(chance: Chance): string;
}

const flip = (bytes: Uint8Array, chance: Chance): Uint8Array => {
  const bent = bytes.slice();
  bent[chance.below(bent.length)]! ^= 1 << chance.below(8);
  return bent;
};
const issueArgs = (chance: Chance) => ({
  ...{ drawer: idOf('zenith'), drawee: idOf('acme'), payee: idOf('zenith'), money: euros() },
  ...{ face: 1 + chance.below(FACE), due: DUE, place: 'Hamburg', payDays: 2, transferable: true },
});
const run = <A>(world: World, declared: Transition<A>, args: A, by: readonly string[]): string =>
  codeOf(world.run(declared, args, by));
const strangers = ['bankA', 'monitor', 'warehouse', 'appraiser'] as const;
const at = (story: BillStory, time: number): BillStory => {
  story.world.time = time;
  return story;
};

const mutations: { readonly [what: string]: Mutation } = {
  'forged: the drawer’s signature is another’s': {
    code: 'E_ROLE',
    run: (chance) => run(billAt('issued').world, issueBill, issueArgs(chance), [chance.pick(strangers)]),
  },
  'forged: a bit of a signature is turned': {
    code: 'E_SIG',
    run: (chance) => {
      const { world } = billAt('issued');
      const call = world.compose(issueBill, issueArgs(chance), ['zenith']);
      const [own] = call.signatures;
      return codeOf(
        world.execute({ ...call, signatures: [{ ...own!, signature: flip(own!.signature, chance) }] }),
      );
    },
  },
  'forged: accepted in the drawee’s name': {
    code: 'E_ROLE',
    run: (chance) => codeOf(billAt('issued').accept([chance.pick(strangers)])),
  },
  'forged: passed on in the holder’s name': {
    code: 'E_NOT_HOLDER',
    run: (chance) =>
      codeOf(billAt('accepted').endorse('zenith', 'carrier', FACE, ['carrier', chance.pick(strangers)])),
  },
  'altered: other terms under the same signatures': {
    code: 'E_SIG',
    run: (chance) => {
      const { world } = billAt('issued');
      const args = issueArgs(chance);
      const signed = world.compose(issueBill, args, ['zenith']);
      const changes = [
        { face: args.face + 1 },
        { due: DUE + DAY_MS },
        { payee: idOf('bankB') },
        { payDays: 3 },
      ];
      const other = world.compose(issueBill, { ...args, ...chance.pick(changes) }, []);
      return codeOf(world.execute({ ...other, signatures: signed.signatures }));
    },
  },
  'altered: a part of the sum is passed on': {
    code: 'E_PARTIAL',
    run: (chance) =>
      codeOf(
        billAt('accepted').endorse(
          'zenith',
          'carrier',
          FACE + (chance.once(2) ? -1 : 1) * (1 + chance.below(FACE - 1)),
        ),
      ),
  },
  'issued twice': {
    code: 'E_REPLAY',
    run: (chance) => {
      const { world } = billAt('issued');
      const call = world.compose(issueBill, issueArgs(chance), ['zenith']);
      assert.is(codeOf(world.execute(call)), 'OK');
      world.pass(chance.below(HOUR_MS / 2));
      return codeOf(world.execute(call));
    },
  },
  'spent twice: passed on by a former holder': {
    code: 'E_NOT_HOLDER',
    run: (chance) =>
      codeOf(billAt('endorsed').endorse(chance.once(2) ? 'zenith' : 'carrier', chance.pick(strangers))),
  },
  'spent twice: paid again': {
    code: 'E_PAID',
    run: (chance) => {
      const story = billAt('presented');
      story.fund('acme', 2 * FACE);
      assert.is(codeOf(story.pay()), 'OK');
      story.world.pass(chance.below(DAY_MS));
      return codeOf(chance.once(2) ? story.pay() : story.present('bankB'));
    },
  },
  'accepted twice': { code: 'E_STATE', run: () => codeOf(billAt('accepted').accept()) },
  'expired: issued after its call’s deadline': {
    code: 'E_EXPIRED',
    run: (chance) => {
      const { world } = billAt('issued');
      const call = world.compose(issueBill, issueArgs(chance), ['zenith']);
      world.pass(HOUR_MS + chance.below(DAY_MS));
      return codeOf(world.execute(call));
    },
  },
  'expired: passed on when it is due': {
    code: 'E_STATE',
    run: (chance) => codeOf(at(billAt('accepted'), DUE + chance.below(DAY_MS)).endorse('zenith', 'carrier')),
  },
  'expired: accepted when it is due': {
    code: 'E_STATE',
    run: (chance) => codeOf(at(billAt('issued'), DUE + chance.below(DAY_MS)).accept()),
  },
  'before its time: presented early': {
    code: 'E_EARLY',
    run: (chance) => codeOf(at(billAt('endorsed'), DUE - 251 - chance.below(DAY_MS)).present('bankB')),
  },
};

test(`R090: ${MUTATIONS} forged, altered, double and late bills: each refused with its code, and nothing moves`, () => {
  const chance = new Chance(90);
  const names = Object.keys(mutations);
  for (let number = 0; number < MUTATIONS; number++) {
    const what = names[number % names.length]!;
    const { code, run: mutate } = mutations[what]!;
    assert.is(mutate(chance), code, `${number}: ${what}`);
  }
  // The bill that all of them are about is good.
  const story = billAt('presented');
  story.fund('acme');
  assert.is(codeOf(story.pay()), 'OK');
  assert.is(story.world.read(bill, story.bill).state, 'PAID');
  assert.is(story.world.get(account, accountId(euros(), idOf('bankB')))?.balance, FACE);
});

test.run();
