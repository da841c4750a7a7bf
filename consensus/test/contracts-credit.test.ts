/**
 * Credit limits `[CRD-2]` to `[CRD-7]`: the limit follows its members at the very position, what is lent and paid back moves
 * what is used, and no walk over loans, drawings, devices and freezes takes what is used above the limit.
 */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findBreaches, findRewrites } from '../contracts/invariants.ts';
import { objectJson } from '../contracts/object.ts';
import { creditLimit, limitMember } from '../contracts/objects/credit-limit.ts';
import { limitPayment } from '../contracts/objects/limit-payment.ts';
import { loan } from '../contracts/objects/loan.ts';
import { account, accountId } from '../contracts/objects/money.ts';
import { thing } from '../contracts/objects/thing.ts';
import { visibleClasses } from '../contracts/views.ts';
import { ActStory, must } from './act-steps.ts';
import { codeOf, DAY_MS, type Story } from './contract-story.ts';
import { HOUR_MS, idOf, type Outcome, START_MS } from './contract-world.ts';
import { assign, notices } from './exception-steps.ts';
import { type LimitStory, lineAt, loanUnderLimit, machineTerms, truckTerms } from './limit-steps.ts';
import { euros, issueTo } from './loan-steps.ts';
import { ThingStory, truck } from './thing-steps.ts';

const credit = suite('credit limits');

const state = (line: LimitStory): readonly number[] => {
  const { granted, limit, used, drawn } = line.read();
  return [granted, limit, used, drawn];
};

credit('the limit follows the output of its members, up to what each carries and what was granted', () => {
  const line = lineAt('valid');
  assert.equal(state(line), [100_000, 0, 0, 0]);
  line.measure(200);
  assert.is(line.read().limit, 40_000);
  line.measure(251);
  assert.is(line.read().limit, 50_000, 'the truck carries 500.00 at most');
  line.measure(7, 'acme-counter');
  assert.is(line.read().limit, 50_700);
  line.modify({ amount: 50_001 }, ['bankA']);
  assert.is(line.read().limit, 50_001);
});

credit('a member that is revoked leaves at that position, and can be of another limit afterwards', () => {
  const line = lineAt('measured');
  line.measure(100, 'acme-counter');
  assert.is(line.read().limit, 50_000);
  const { height } = line.world;
  new ThingStory(line.world).revokeDevice();
  const { limit, members, height: writtenAt } = line.read();
  assert.equal([limit, members.length, writtenAt], [10_000, 1, height + 1]);
  assert.is(line.world.read(limitMember, truck).limit, undefined);
  new ThingStory(line.world).transfer('zenith', ['acme', 'zenith', 'monitor'], 'acme-counter');
  assert.equal(
    [line.read().limit, line.read().members.length],
    [0, 0],
    'and is not carried by the bank’s word',
  );
});

credit('a cut below what is used goes as far as it can, and the rest with each repayment', () => {
  const line = lineAt('measured');
  line.draw({ amount: 30_000 });
  line.measure(50);
  assert.equal(state(line), [100_000, 30_000, 30_000, 30_000]);
  assert.is(codeOf(line.draw({ amount: 1 })), 'E_LIMIT');
  line.repay({ amount: 15_000 });
  assert.equal(state(line), [100_000, 15_000, 15_000, 15_000]);
  line.repay({ amount: 15_000 });
  assert.equal(state(line), [100_000, 10_000, 0, 0]);
});

credit('the truck borrows, pays the toll under its mandate, and is repaid from freight (R166)', () => {
  const line = lineAt('measured');
  const { world } = line;
  issueTo({ world }, 'zenith', 20_000);
  const things = new ThingStory(world);
  const truckOf = new ActStory(world, { line, file: undefined }, things);
  must(things.enrol('phone'), things.fund('acme', 1), things.open(), truckOf.give());
  const balance = (owner: 'acme' | 'bankA' | 'carrier' | 'zenith'): number =>
    world.get(account, accountId(euros(), idOf(owner)))?.balance ?? 0;
  assert.is(codeOf(truckOf.draw({ amount: 1_500 })), 'OK');
  assert.is(codeOf(things.pay({ amount: 1_500 })), 'OK');
  assert.equal([balance('acme'), balance('carrier'), line.read().used], [1, 1_500, 1_500]);
  assert.is(codeOf(line.repay({ payer: idOf('zenith'), amount: 9_999 }, ['zenith'])), 'OK');
  assert.equal(
    [balance('zenith'), balance('bankA'), line.read().used],
    [18_500, 1_000_000, 0],
    'no more than is owed',
  );
  assert.equal(findBreaches(world), []);
});

credit('a loan under a limit uses it: drawn, repaid, drawn again, assigned away', () => {
  const { story, limit } = loanUnderLimit();
  story.draw();
  assert.equal(state(limit), [1_000_000, 1_000_000, 900_000, 0]);
  // 21,000 of interest and costs are paid first.
  story.repay({ amount: 121_000 });
  assert.is(limit.read().used, 800_000);
  assert.is(codeOf(limit.end()), 'E_DEBT');
  story.draw({ principal: 50_000, interest: 0, costs: 0 });
  assert.is(limit.read().used, 850_000);
  const assigned = assign(story, notices(story, ['acme', 'monitor', 'warehouse']));
  assert.is(codeOf(assigned), 'OK');
  assert.is(limit.read().used, 0);
  assert.is(story.world.read(loan, story.loan).creditLimit, undefined);
  assert.equal(findBreaches(story.world), []);
});

credit('only the applicant and the bank see a limit, and V0 says no more than its state', () => {
  const line = lineAt('drawn');
  const { world } = line;
  const stored = world.stored(creditLimit, line.limit);
  const seenBy = (['acme', 'bankA', 'bankB', 'zenith', 'monitor'] as const).filter((name) =>
    visibleClasses(stored, idOf(name), world).includes(2),
  );
  assert.equal(seenBy, ['acme', 'bankA']);
  assert.equal(Object.keys(objectJson(creditLimit, stored, [0])).sort(), ['call', 'height', 'state']);
  const standing = world.stored(limitMember, truck);
  assert.equal(visibleClasses(standing, idOf('bankA'), world), [0, 1, 2]);
  assert.equal(visibleClasses(standing, idOf('bankB'), world), [0]);
});

/** States that no call leads to are found out (invariant 11). */
const broken: { readonly [what: string]: (line: LimitStory) => void } = {
  'used above the limit': ({ world, limit }) => world.change(creditLimit, limit, { used: 40_001 }),
  'a limit that nothing carries': ({ world, limit }) => world.change(creditLimit, limit, { limit: 40_001 }),
  'a record that is not counted': ({ world }) => {
    const paid = [...world.objects()].find(({ type }) => type === limitPayment.name)!;
    world.change(limitPayment, paid.id, { amount: 9_999 });
  },
  'a member that stands in no limit': ({ world }) => world.change(limitMember, truck, { limit: undefined }),
  'a device in a limit that knows nothing of it': ({ world, limit }) => {
    world.change(creditLimit, limit, { members: [] });
  },
};
for (const [what, change] of Object.entries(broken)) {
  credit(`${what} is found broken`, () => {
    const line = lineAt('drawn');
    assert.equal(findBreaches(line.world), []);
    change(line);
    assert.ok(findBreaches(line.world).some(({ invariant }) => invariant === 11));
  });
}

const actions = {
  draw: 8,
  drawOwner: 4,
  equip: 3,
  repayThing: 4,
  repay: 5,
  measure: 8,
  modify: 3,
  freeze: 2,
  thaw: 4,
  end: 1,
  apply: 8,
  validate: 4,
  lend: 6,
  lendBack: 5,
  proceed: 3,
  revoke: 1,
  enrol: 5,
  transfer: 1,
  pass: 2,
  pause: 1,
} as const;
type Action = keyof typeof actions;

interface Step {
  readonly action: Action;
  readonly onLine: boolean;
  readonly amount: number;
  readonly twist: number;
}
const step: fc.Arbitrary<Step> = fc.record(
  {
    action: fc.oneof(
      ...Object.entries(actions).map(([action, weight]) => ({
        weight,
        arbitrary: fc.constant(action as Action),
      })),
    ),
    onLine: fc.boolean(),
    amount: fc.integer({ min: 1, max: 60_000 }),
    twist: fc.nat(31),
  },
  { noNullPrototype: true },
);

interface Going {
  readonly story: Story;
  readonly loans: LimitStory;
  readonly line: LimitStory;
  /** The truck, which draws on the line and repays on it. */
  readonly acting: ActStory;
}

/** A loan under a limit of bank A, and a line of the same enterprise at the same bank, in one world. */
function start(): Going {
  const { story, limit: loans } = loanUnderLimit();
  const { world } = story;
  issueTo({ world }, 'bankA', 1_000_000);
  const line = lineAt('none').fork(world);
  line.applyForLine();
  line.validate();
  line.measure(200);
  const acting = new ActStory(world, { line, file: undefined });
  must(
    acting.things.enrol('phone'),
    acting.things.fund('acme', 100_000),
    acting.things.open(),
    acting.give(),
  );
  return { story, loans, line, acting };
}
const beginning = start();

function take(going: Going, { action, onLine, amount, twist }: Step): Outcome | undefined {
  const { story, loans, line, acting } = going;
  const held = onLine ? line : loans;
  const { world } = story;
  const { things } = acting;
  const identifier = twist % 2 === 0 ? 'truck' : 'acme-counter';
  switch (action) {
    case 'drawOwner':
      return held.draw({ amount });
    case 'equip':
      things.open({ ownedSince: world.get(thing, truck)?.ownedSince ?? START_MS - DAY_MS });
      return acting.give({ windowCount: 64, families: twist % 4 === 0 ? undefined : ['credit'] });
    case 'draw':
      return acting.draw({ amount });
    case 'repayThing':
      return acting.repay({ amount });
    case 'repay':
      return held.repay({ amount });
    case 'measure':
      return line.measure(twist * 20, identifier);
    case 'modify':
      if (!onLine) return held.modify({ amount: amount * 30 });
      return held.modify({
        amount: amount * 2,
        members: [undefined, [truckTerms], [machineTerms, truckTerms], []][twist % 4],
      });
    case 'freeze':
      return held.freeze(twist % 2 === 0 ? 'bankA' : 'resolver');
    case 'thaw':
      return held.thaw(['bankA', 'resolver']);
    case 'end':
      return held.end(twist % 2 === 0 ? 'acme' : 'bankA');
    case 'apply':
      if (world.read(creditLimit, held.limit).state !== 'ENDED') return undefined;
      return onLine ? held.applyForLine() : held.apply();
    case 'validate':
      return held.validate();
    case 'lend':
      return story.draw({ principal: amount * 6, interest: twist, costs: 1 });
    case 'lendBack':
      return story.repay({ amount: amount * 4 });
    case 'proceed':
      if (story.loanState() !== 'REPAID') return undefined;
      story.release();
      for (const next of [
        () => story.apply({ maturity: world.time + 90 * DAY_MS }),
        () => story.authorise(),
        () => story.supply(),
        () => story.evaluate(),
        () => story.approve({ creditLimit: loans.limit, limit: 600_000 }),
        () => story.agree(),
      ])
        next();
      return story.perfect();
    case 'revoke':
      return things.revokeDevice(identifier);
    case 'enrol':
      return things.enrol(identifier);
    case 'transfer':
      things.transfer('zenith', ['acme', 'zenith', 'monitor'], identifier);
      return things.transfer('acme', ['acme', 'zenith', 'monitor'], identifier);
    case 'pass':
      world.pass([HOUR_MS, 3 * HOUR_MS, 25 * HOUR_MS][twist % 3]!);
      return undefined;
    default:
      world.pause(DAY_MS);
      return undefined;
  }
}

const taken = new Map<string, number>();
const count = (name: string): void => void taken.set(name, (taken.get(name) ?? 0) + 1);

credit('100 walks of 60 steps on average keep every invariant', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }), (steps) => {
      const world = beginning.story.world.fork();
      const acting = beginning.acting.fork(world);
      const going = {
        story: beginning.story.fork(world),
        loans: beginning.loans.fork(world),
        line: acting.line!,
        acting,
      };
      for (const taking of steps) {
        const before = [...world.objects()];
        const root = world.root();
        const outcome = take(going, taking);
        if (outcome === undefined) continue;
        count(codeOf(outcome));
        if (outcome.refusal !== undefined) {
          if (taking.action !== 'proceed' && taking.action !== 'transfer')
            assert.is(world.root(), root, 'a refusal changes nothing');
          continue;
        }
        count(world.callOf(outcome.id));
        assert.equal(findBreaches(world), []);
        assert.equal(findRewrites(before, world.objects()), []);
      }
    }),
    { numRuns: 100, seed: 20_261_126, includeErrorInReport: true },
  );
});

credit('the walks went everywhere', () => {
  const wanted = [
    ...['apply-limit', 'validate-limit', 'modify-limit', 'freeze-limit', 'thaw-limit', 'end-limit'],
    ...['measure-limit', 'draw-limit', 'repay-limit', 'draw', 'repay', 'revoke-device', 'transfer-thing'],
    ...['draw-by-thing', 'repay-by-thing', 'E_MANDATE_CONTENT'],
    ...['E_LIMIT', 'E_FROZEN', 'E_STALE', 'E_STATE', 'E_DEBT', 'E_DEVICE_STATE', 'E_SCOPE'],
  ];
  const rare = wanted.filter((name) => (taken.get(name) ?? 0) < 5);
  assert.equal(rare, [], JSON.stringify(Object.fromEntries(taken)));
});

credit.run();
