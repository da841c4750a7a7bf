/**
 * Advice `[ADV-1..3]`: the rating and the twelve indicators equal fixtures worked by hand, contributions add up, the index of
 * R115 has the values that the row names, and none of it changes a bit of the state.
 */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { ObjectType } from '../../consensus/contracts/object.ts';
import { creditLimit } from '../../consensus/contracts/objects/credit-limit.ts';
import { visibleClasses } from '../../consensus/contracts/views.ts';
import { ActStory } from '../../consensus/test/act-steps.ts';
import { type Story, storyAt } from '../../consensus/test/contract-story.ts';
import { HOUR_MS, idOf, type PartyName, signerOf, World } from '../../consensus/test/contract-world.ts';
import { price } from '../../consensus/test/goods-steps.ts';
import { type LimitStory, lineAt, machine, meterTerms } from '../../consensus/test/limit-steps.ts';
import { orderOut } from '../../consensus/test/loan-steps.ts';
import { ThingStory, truck } from '../../consensus/test/thing-steps.ts';
import { positionOfLimit, positionOfLoan } from '../advice/available.ts';
import { earlyWarnings } from '../advice/early-warning.ts';
import { compareExperience, experienceIndex } from '../advice/experience.ts';
import { type Attempt, compareThings, indicators, scenarioNames, scenarios } from '../advice/indicators.ts';
import { LedgerView, type VisibleObject } from '../advice/ledger-view.ts';
import { defaultModel, type Factor, factors, type Observations, rate } from '../advice/rating.ts';
import { rateSubject } from '../advice/subject-rating.ts';

const advice = suite('advice');

/** What a party's node sees; without a name, everything. */
function viewOf(world: World, name?: PartyName): LedgerView {
  const visible = [...world.objects()].map(
    (stored): VisibleObject => ({
      stored,
      classes: name === undefined ? [0, 1, 2] : visibleClasses(stored, idOf(name), world),
    }),
  );
  const { height, time } = world;
  return new LedgerView(visible, { height, time, running: time });
}

function ratingOf(world: World, id: Uint8Array, name?: PartyName) {
  const rated = rateSubject(id, viewOf(world, name));
  if (!rated.ok) throw new Error(rated.code);
  const values = Object.fromEntries(
    rated.value.contributions.map(({ factor, contribution }) => [factor, contribution]),
  );
  return { ...rated.value, values };
}

advice('without history every factor is neutral, and there is a score all the same', () => {
  const { score, parts, contributions } = ratingOf(World.enrolled(), idOf('acme'), 'bankA');
  assert.is(score, 500_000);
  assert.equal(parts, { subject: 200_000, transaction: 175_000, entity: 125_000, cap: 0 });
  assert.ok(contributions.every(({ observations }) => observations === 0));
});

advice('a loan repaid in time: worked by hand', () => {
  const { world } = storyAt('repaid');
  const { score, values } = ratingOf(world, idOf('acme'), 'bankA');
  assert.equal(values, {
    // Loan and pledge stand well: (2 × 10,000 + 10,000) / 4 = 7,500; × 25.
    'credit-status': 187_500,
    'personal-quality': 75_000,
    // (10,000 + 10,000) / 3 = 6,666; × 25.
    'repayment-capability': 166_650,
    profitability: 50_000,
    'operating-capability': 75_000,
    // The repayment is the only activity, and new: 6,666; × 10.
    'development-capability': 66_660,
  });
  assert.is(score, 620_810);
});

advice('a warning shows in the entity part at its own checkpoint (R118)', () => {
  const story = storyAt('drawn');
  const before = ratingOf(story.world, idOf('acme'), 'bankA');
  assert.is(before.values['operating-capability'], 75_000);
  story.warn();
  const after = ratingOf(story.world, idOf('acme'), 'bankA');
  assert.is(after.height, before.height + 1);
  // (2,500 + 10,000) / 3 = 4,166; × 15. The pledge is in trouble: (10,000 + 10,000) / 4 = 5,000; × 25.
  assert.is(after.values['operating-capability'], 62_490);
  assert.is(after.values['credit-status'], 125_000);
  assert.is(after.parts.entity, before.parts.entity - 12_510);
});

advice('an overdue loan counts against standing and repayment', () => {
  const story = storyAt('drawn');
  story.world.pass(91 * 24 * HOUR_MS);
  const { values } = ratingOf(story.world, idOf('acme'), 'bankA');
  assert.is(values['credit-status'], 25 * 5_000);
  // (0 + 10,000) / 3 = 3,333; × 25.
  assert.is(values['repayment-capability'], 83_325);
});

advice('who sees nothing of a file rates without it', () => {
  const { world } = storyAt('repaid');
  assert.is(ratingOf(world, idOf('acme'), 'bankB').score, 500_000);
});

/** The truck carries 400.00, has drawn 100.00 and paid 50.00 in two payments; the owner drew 10.00 and repaid 40.00. */
function busyTruck(): { readonly line: LimitStory; readonly things: ThingStory } {
  const line = lineAt('measured');
  const things = new ThingStory(line.world);
  const acting = new ActStory(line.world, { line, file: undefined }, things);
  for (const { refusal } of [
    things.enrol('phone'),
    things.fund('acme', 1),
    things.open(),
    acting.give(),
    acting.draw(),
    things.revoke(),
    things.give(),
    things.pay({ amount: 2_000 }),
    things.pay({ amount: 3_000 }, ['truck', 'phone']),
    line.draw({ amount: 1_000 }),
    line.repay({ amount: 4_000 }),
  ])
    assert.is(refusal, undefined, JSON.stringify(refusal));
  return { line, things };
}

advice('a thing is rated by what it did, and never above its owner (R131): worked by hand', () => {
  const { line, things } = busyTruck();
  const owner = ratingOf(line.world, idOf('acme'), 'acme');
  assert.equal(owner.values, {
    'credit-status': 166_650,
    'personal-quality': 75_000,
    'repayment-capability': 125_000,
    // 50.00 spent, nothing received: (0 + 10,000) / 3 = 3,333; × 10.
    profitability: 33_330,
    'operating-capability': 112_500,
    'development-capability': 66_660,
  });
  assert.is(owner.score, 579_140);
  const rated = ratingOf(line.world, truck, 'acme');
  assert.equal(rated.values, {
    // Mandate and limit: 7,500; × 25.
    'credit-status': 187_500,
    'personal-quality': 75_000,
    // The drawing is neither covered nor due.
    'repayment-capability': 125_000,
    // Its output is worth 400.00, and nothing was spent in that period: 6,666; × 10.
    profitability: 66_660,
    'operating-capability': 112_500,
    'development-capability': 66_660,
    'owner-cap': 579_140 - 633_320,
  });
  assert.is(rated.cap, 579_140);
  assert.is(rated.score, 579_140);
  things.fund('acme', 10_000);
  assert.is(line.repay({ amount: 7_000 }).refusal, undefined);
  assert.is(ratingOf(line.world, truck, 'acme').values['repayment-capability'], 166_650);
});

advice('the cap is the present owner’s, from the checkpoint of the transfer', () => {
  const { line, things } = busyTruck();
  things.transfer();
  const rated = ratingOf(line.world, truck);
  assert.is(rated.owner, toHex(idOf('zenith')));
  assert.equal([rated.cap, rated.score], [500_000, 500_000]);
  things.revokeDevice('truck', 'zenith');
  const revoked = rateSubject(truck, viewOf(line.world));
  assert.is(revoked.ok ? 'OK' : revoked.code, 'E_DEVICE_STATE');
  const unknown = rateSubject(
    idOf('acme').map((byte) => byte ^ 1),
    viewOf(line.world),
  );
  assert.is(unknown.ok ? 'OK' : unknown.code, 'E_NOT_FOUND');
});

const observations: fc.Arbitrary<Observations> = fc.record(
  Object.fromEntries(factors.map((factor) => [factor, fc.array(fc.nat(10_000), { maxLength: 40 })])) as {
    [F in Factor]: fc.Arbitrary<number[]>;
  },
  { noNullPrototype: true },
);
/** Six weights that sum to 100. */
const weights = fc
  .array(fc.nat(100), { minLength: 5, maxLength: 5 })
  .map((cuts) => [0, ...cuts.sort((a, b) => a - b), 100])
  .map((cuts) =>
    Object.fromEntries(factors.map((factor, index) => [factor, cuts[index + 1]! - cuts[index]!])),
  );

advice('contributions add up to the score exactly, for any observations, weights and cap', () => {
  fc.assert(
    fc.property(
      observations,
      weights,
      fc.nat(10_000),
      fc.integer({ min: 1, max: 50 }),
      fc.option(fc.nat(1_000_000), { nil: undefined }),
      (seen, drawn, priorBp, priorCount, cap) => {
        const model = { ...defaultModel, weights: drawn as typeof defaultModel.weights, priorBp, priorCount };
        const { score, parts, contributions } = rate(seen, model, cap);
        const sum = contributions.reduce((total, { contribution }) => total + contribution, 0);
        assert.is(sum, score);
        assert.is(parts.subject + parts.transaction + parts.entity + parts.cap, score);
        assert.ok(Number.isInteger(score) && score >= 0 && score <= Math.min(1_000_000, cap ?? 1_000_000));
        assert.ok(contributions.every(({ contribution }) => Number.isInteger(contribution)));
      },
    ),
  );
});

advice('a model whose weights do not sum to 100 is refused', () => {
  const none = Object.fromEntries(factors.map((factor) => [factor, []])) as unknown as Observations;
  const uneven = { ...defaultModel, weights: { ...defaultModel.weights, profitability: 11 } };
  assert.throws(() => rate(none, uneven), /expected to sum to 100, got 101/);
});

advice('EI has the values that R115 names, rises strictly and is concave', () => {
  const ei = (z: number): number => {
    const found = experienceIndex(z);
    if (!found.ok) throw new Error(found.code);
    return found.value;
  };
  for (const [z, expected] of [
    [0, 0],
    [0.5, 0.986614],
    [1, 0.999909],
  ] as const)
    assert.ok(Math.abs(ei(z) - expected) < 1e-6, `EI(${z}) = ${ei(z)}`);
  const steps = Array.from({ length: 1_001 }, (_, index) => ei(index / 1_000));
  for (let index = 1; index < steps.length; index++) {
    assert.ok(steps[index]! > steps[index - 1]!);
    if (index > 1)
      assert.ok(steps[index]! - steps[index - 1]! < steps[index - 1]! - steps[index - 2]! + 1e-15);
  }
  for (const z of [-1e-9, 1 + 1e-9, Number.NaN, Number.POSITIVE_INFINITY]) {
    const outside = experienceIndex(z);
    assert.is(outside.ok ? outside.value : outside.code, 'E_RANGE');
  }
});

advice('E_RANGE when the greatest C is not positive, or a Z is negative', () => {
  const codeOf = (rows: number[][], w: number[]): string => {
    const compared = compareExperience(rows, w);
    return compared.ok ? 'OK' : `${compared.code} ${compared.facts['field']}`;
  };
  assert.is(codeOf([[0], [0]], [1]), 'E_RANGE max C');
  assert.is(codeOf([], []), 'E_RANGE max C');
  assert.is(codeOf([[5, 0]], [-1, 1]), 'E_RANGE max C');
  assert.is(
    codeOf(
      [
        [1, 0],
        [0, 1],
      ],
      [1, -1],
    ),
    'E_RANGE Z',
  );
  assert.is(
    codeOf(
      [
        [1, 0],
        [1, 1],
      ],
      [1, 1],
    ),
    'OK',
  );
});

/** Five calls by the truck's key: two took effect, after 4 and 12 seconds; one by another key. */
function attemptsAt(time: number): Attempt[] {
  const truckKey = toHex(signerOf('truck').publicKey);
  const at = (keys: string[], code: Attempt['code'], seconds: number): Attempt => ({
    keys,
    code,
    citedTime: time - 60_000,
    finalTime: time - 60_000 + seconds * 1_000,
  });
  return [
    at([truckKey], 'OK', 4),
    at([truckKey], 'OK', 12),
    at([truckKey], 'E_MANDATE', 4),
    at([truckKey], 'E_REPLAY', 4),
    at([truckKey], 'E_REPLAY', 4),
    at(['00'], 'E_SCHEMA', 4),
  ];
}

advice('the twelve indicators of a truck and a machine: worked by hand', () => {
  const { line } = busyTruck();
  const { world } = line;
  const devices = [truck, machine].map(toHex);
  const compared = compareThings(devices, attemptsAt(world.time), viewOf(world, 'acme'), scenarios.factory);
  if (!compared.ok) throw new Error(compared.code);
  const [first, second] = compared.value;
  const shares = (thing: typeof first) =>
    Object.fromEntries(indicators.map((name) => [name, thing!.indicators[name].value]));
  assert.equal(shares(first), {
    finality: 5_000, // one of two within 10 s
    decision: 10_000, // the one limit, at once
    activity: 333, // one day of thirty
    'window-use': 4_166, // 50.00 of 120.00
    'credit-use': 1_750, // 70.00 of 400.00
    accuracy: 4_000, // two of five calls
    once: 6_000, // two of five were repetitions
    repaid: 4_000, // 40.00 of its 100.00
    output: 8_000, // 400.00 of 500.00
    unaided: 5_000, // the phone signed one of two
    'self-acting': 5_000, // one of two drawings
    standing: 10_000, // its one mandate
  });
  assert.equal(shares(second), {
    ...{ finality: 0, decision: 10_000, activity: 0, 'window-use': 0, 'credit-use': 1_750, accuracy: 0 },
    ...{ once: 0, repaid: 0, output: 0, unaided: 0, 'self-acting': 5_000, standing: 0 },
  });
  assert.equal([first!.c, second!.c], [531_660, 142_500]);
  assert.is(first!.z, 1);
  assert.ok(Math.abs(first!.ei - 0.999909) < 1e-6);
  assert.ok(Math.abs(second!.z - 0.268028) < 1e-6, String(second!.z));
  // 2·sigmoid(x) − 1 is tanh(x / 2), which is another way to the same number.
  assert.ok(Math.abs(second!.ei - Math.tanh(5 * (142_500 / 531_660))) < 1e-12);
});

advice('after thirty days of silence nothing is left but what stands', () => {
  const { line } = busyTruck();
  const attempts = attemptsAt(line.world.time);
  line.world.pass(31 * 24 * HOUR_MS);
  const view = viewOf(line.world, 'acme');
  const compared = compareThings([toHex(truck)], attempts, view, scenarios.payment);
  if (!compared.ok) throw new Error(compared.code);
  const { finality, accuracy, activity, unaided, standing, decision } = compared.value[0]!.indicators;
  assert.equal([finality.of, accuracy.of, activity.value, unaided.of], [0, 0, 0, 0]);
  assert.equal([standing.value, decision.value], [10_000, 10_000]);
});

/** A loan of 9,210.00 on goods of 22,500.00 after haircut, 60 % of which are lent (R119). */
advice('available is Σ eligible × LTV − debt at fresh prices, and what is left of a limit', () => {
  const ask = (world: World) => ({
    get: <T>(type: ObjectType<T>, id: Uint8Array) => world.get(type, id),
    ...{ policy: world.policy, time: world.time, running: world.time },
  });
  const story = storyAt('drawn');
  const loanNow = () => positionOfLoan(story.loan, ask(story.world))!;
  assert.equal([loanNow().available, loanNow().code], [0, 'E_PRICE_STALE']);
  price(story);
  const { eligible, lendable, debt, available, code, limit, used } = loanNow();
  assert.equal([eligible, lendable, debt, available, code], [2_250_000, 1_350_000, 921_000, 429_000, null]);
  assert.equal([limit, used], [1_000_000, 900_000]);
  assert.is(orderOut(story, 200_000).refusal, undefined);
  assert.is(loanNow().available, 1_080_000 - 921_000, 'goods under a release order are gone');
  const line = lineAt('drawn');
  const limitNow = () => {
    const { available: left, code: why } = positionOfLimit(line.limit, ask(line.world))!;
    return [left, why];
  };
  assert.equal(limitNow(), [30_000, null]);
  line.freeze();
  assert.equal(limitNow(), [0, 'E_FROZEN']);
  line.thaw();
  line.world.pass(5 * HOUR_MS);
  assert.equal(limitNow(), [0, 'E_STALE']);
  assert.is(positionOfLimit(story.loan, ask(line.world)), undefined);
  assert.is(positionOfLoan(line.limit, ask(line.world)), undefined);
});

advice('production that halves warns while nothing is due, and silence after it too (R117)', () => {
  const line = lineAt('drawn');
  const causes = () => {
    const { policy, time } = line.world;
    const ask = { get: <T>(type: ObjectType<T>, id: Uint8Array) => line.world.get(type, id), policy };
    const { warnings } = positionOfLimit(line.limit, { ...ask, time, running: time })!;
    return warnings.map(({ device, cause, output, outputBefore }) => [device, cause, output, outputBefore]);
  };
  assert.equal(causes(), []);
  line.measure(101);
  assert.equal(causes(), [], 'a little more than half');
  line.measure(50);
  assert.equal(causes(), [[toHex(truck), 'fell', 50, 101]]);
  line.measure(60);
  assert.equal(causes(), []);
  line.world.pass(4 * HOUR_MS);
  assert.equal(causes(), [[toHex(truck), 'stopped', 60, 50]]);
  assert.ok(line.read().until > line.world.time, 'and the limit still runs');
});

advice('kilowatt-hours: half as much is told, for the time that each period took (R117)', () => {
  const line = lineAt('none');
  line.applyForLine({ members: [meterTerms] });
  line.validate();
  const causes = () => earlyWarnings(line.read(), line.world.time).map(({ cause }) => cause);
  line.use(81_020.4, 83_520.9);
  assert.equal(line.read().limit, 100_000, 'granted; 2,500 kWh would carry 1,250.00');
  assert.equal(causes(), [], 'there is no period before');
  line.use(84_770.9);
  assert.equal(causes(), ['fell']);
  // Almost twice as long: as much as in the period before is a little more than half as fast.
  for (const [kWh, expected] of [
    [1_249, ['fell']],
    [1_250, []],
  ] as const) {
    const other = line.fork();
    other.world.pass(2 * HOUR_MS - 1_000);
    other.use(84_770.9 + kWh);
    const { lengthMs } = other.read().members[0]!;
    assert.ok(lengthMs > 3.9 * HOUR_MS && lengthMs <= 4 * HOUR_MS, `${lengthMs}`);
    assert.equal(
      earlyWarnings(other.read(), other.world.time).map(({ cause }) => cause),
      expected,
      `${kWh}`,
    );
  }
});

advice('every scenario weighs all twelve, and its weights sum to 100', () => {
  for (const name of scenarioNames) {
    assert.is(scenarios[name].length, indicators.length);
    assert.is(
      scenarios[name].reduce<number>((sum, weight) => sum + weight, 0),
      100,
      name,
    );
  }
});

advice('asking for advice changes no state, and what it is given stays as it was', () => {
  const { line } = busyTruck();
  const story: Story = storyAt('drawn');
  for (const world of [line.world, story.world]) {
    const root = world.root();
    const before = [...world.objects()].map(({ parts }) => parts.map(({ value }) => toHex(value)));
    const view = viewOf(world);
    for (const id of [idOf('acme'), idOf('bankA'), truck]) rateSubject(id, view);
    compareThings([toHex(truck), toHex(machine)], attemptsAt(world.time), view, scenarios.logistics);
    assert.is(world.root(), root);
    assert.equal(
      [...world.objects()].map(({ parts }) => parts.map(({ value }) => toHex(value))),
      before,
    );
  }
  assert.is(line.world.read(creditLimit, line.limit).used, 7_000);
});

advice.run();
