/** Edges: every age and deadline to its last millisecond, every cap to its last item, loans over several goods. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findBreaches } from '../contracts/invariants.ts';
import { evaluation } from '../contracts/objects/evaluation.ts';
import { grant } from '../contracts/objects/grant.ts';
import { loan } from '../contracts/objects/loan.ts';
import { pledge } from '../contracts/objects/pledge.ts';
import { defaultPolicy } from '../contracts/policy.ts';
import { labelKey } from '../contracts/registry.ts';
import { codeOf, DAY_MS, LENDABLE, PACKAGES, QUANTITY, Story, storyAt } from './contract-story.ts';
import { HOUR_MS, network, type Outcome, type World, withCheckDigit } from './contract-world.ts';

const edges = suite('edges');

/** A call runs this long after it is made. */
const STEP_MS = 250;

/** Codes of an act that runs at `time`, and a millisecond later. */
function around(
  start: () => readonly [Story, number],
  act: (story: Story) => Outcome,
): readonly [string, string] {
  return [0, 1].map((late) => {
    const [story, time] = start();
    story.world.time = time + late - STEP_MS;
    return codeOf(act(story));
  }) as [string, string];
}

/** Codes of an act at `now`, the time at which it runs, and with the argument a millisecond on. */
function argument(
  from: () => Story,
  act: (story: Story, now: number, more: number) => Outcome,
): readonly [string, string] {
  return [0, 1].map((more) => {
    const story = from();
    return codeOf(act(story, story.world.time + STEP_MS, more));
  }) as [string, string];
}

/** Weighing and count as of `time`. */
const countAt = (world: World, time: number): Uint8Array[] => [
  world.reading({ device: 'scale', values: { weight: '1000' }, time, finalTime: time }),
  world.reading({ device: 'camera', values: { count: String(PACKAGES) }, time, finalTime: time }),
];

edges('an approval is good up to its end', () => {
  const approved = (): [Story, number] => {
    const story = storyAt('approved');
    return [story, story.world.read(loan, story.loan).limitUntil];
  };
  assert.equal(
    around(approved, (story) => story.agree()),
    ['OK', 'E_STATE'],
  );
  const perfected = (): [Story, number] => {
    const story = storyAt('perfected');
    return [story, story.world.read(loan, story.loan).limitUntil];
  };
  assert.equal(
    around(perfected, (story) => story.draw()),
    ['OK', 'E_STATE'],
  );
  const short = (): [Story, number] => {
    const story = storyAt('evaluated');
    const until = story.world.time + HOUR_MS;
    assert.is(codeOf(story.approve({ until })), 'OK');
    return [story, until];
  };
  assert.equal(
    around(short, (story) => story.evaluate()),
    ['E_STATE', 'OK'],
    'and only then is valued anew',
  );
});

edges('a grant is good up to its end', () => {
  const stated = (): [Story, number] => {
    const story = storyAt('stated');
    return [story, story.world.read(grant, story.grant).expires];
  };
  assert.equal(
    around(stated, (story) => story.supply()),
    ['OK', 'E_SCOPE'],
  );
});

edges('a reservation is good up to its end', () => {
  const agreed = (): [Story, number] => {
    const story = storyAt('agreed');
    return [story, story.world.read(pledge, story.pledge).reservedUntil];
  };
  assert.equal(
    around(agreed, (story) => story.perfect()),
    ['OK', 'E_STATE'],
  );
  // What is released early is no longer reserved, what has lapsed may still be released.
  assert.equal(
    around(agreed, (story) => story.release()),
    ['OK', 'OK'],
  );
});

edges('a status is supplied up to a day late, and never early', () => {
  const stated = (): [Story, number] => {
    const story = storyAt('stated');
    return [story, story.world.time + DAY_MS];
  };
  const asOfStart = (story: Story): Outcome => {
    const asOf = storyAt('stated').world.time;
    return story.supply({ asOf, evidence: countAt(story.world, asOf) });
  };
  assert.equal(around(stated, asOfStart), ['OK', 'E_STALE']);
  assert.equal(
    argument(
      () => storyAt('stated'),
      (story, now, more) => story.supply({ asOf: now + more }),
    ),
    ['OK', 'E_STALE'],
  );
});

edges('a status is good for a day, in evaluation and in decision', () => {
  const supplied = (): [Story, number] => {
    const story = storyAt('stated');
    const asOf = story.world.time;
    assert.is(codeOf(story.supply({ asOf })), 'OK');
    return [story, asOf + defaultPolicy.statusAgeMs];
  };
  assert.equal(
    around(supplied, (story) => story.evaluate()),
    ['OK', 'E_STALE'],
  );
  const evaluated = (): [Story, number] => {
    const [story, end] = supplied();
    story.world.time = end - HOUR_MS;
    assert.is(codeOf(story.evaluate()), 'OK');
    return [story, end];
  };
  assert.equal(
    around(evaluated, (story) => story.approve()),
    ['OK', 'E_STALE'],
  );
});

edges('a price is good for a day, in evaluation and in decision', () => {
  const dayOld = (story: Story, now: number, more: number): Outcome =>
    story.evaluate({ priceTime: now - DAY_MS - more });
  assert.equal(
    argument(() => storyAt('supplied'), dayOld),
    ['OK', 'E_PRICE_STALE'],
  );
  assert.equal(
    argument(
      () => storyAt('supplied'),
      (story, now, more) => story.evaluate({ priceTime: now + more }),
    ),
    ['OK', 'E_PRICE_STALE'],
  );
  const evaluated = (): [Story, number] => {
    const story = storyAt('supplied');
    const priceTime = story.world.time - HOUR_MS;
    assert.is(codeOf(story.evaluate({ priceTime })), 'OK');
    return [story, priceTime + defaultPolicy.priceAgeMs];
  };
  assert.equal(
    around(evaluated, (story) => story.approve()),
    ['OK', 'E_PRICE_STALE'],
  );
});

edges('what is to end later ends later than now', () => {
  const registered = () => storyAt('registered');
  assert.equal(
    argument(registered, (story, now, more) => story.apply({ maturity: now + more })),
    ['E_SCHEMA', 'OK'],
  );
  assert.equal(
    argument(
      () => storyAt('applied'),
      (story, now, more) => story.authorise({ expires: now + more }),
    ),
    ['E_SCHEMA', 'OK'],
  );
  assert.equal(
    argument(
      () => storyAt('evaluated'),
      (story, now, more) => story.approve({ until: now + more }),
    ),
    ['E_SCHEMA', 'OK'],
  );
  assert.equal(
    argument(registered, (story, now, more) => story.issue({ storageFrom: now, storageUntil: now + more })),
    ['E_SCHEMA', 'OK'],
  );
  assert.equal(
    argument(registered, (story, now, more) => story.issue({ insuredFrom: now, insuredUntil: now + more })),
    ['E_SCHEMA', 'OK'],
  );
});

edges('a reading is evidence for an hour, by either clock, and the sensor’s may be as much ahead', () => {
  const register = (clock: (now: number, more: number) => { time?: number; finalTime?: number }) =>
    argument(
      () => storyAt('empty'),
      (story, now, more) => {
        const { world } = story;
        const scale = world.reading({ device: 'scale', values: { weight: '1000' }, ...clock(now, more) });
        return story.register({
          evidence: [scale, world.reading({ device: 'camera', values: { count: '40' } })],
        });
      },
    );
  assert.equal(
    register((now, more) => ({ time: now - HOUR_MS - more })),
    ['OK', 'E_EVIDENCE'],
  );
  assert.equal(
    register((now, more) => ({ time: now + HOUR_MS + more })),
    ['OK', 'E_EVIDENCE'],
  );
  assert.equal(
    register((now, more) => ({ finalTime: now - HOUR_MS - more })),
    ['OK', 'E_EVIDENCE'],
  );
});

edges('a warning’s line belongs to the safe side', () => {
  const warnAt = (trigger: 'weight' | 'temperature' | 'tilt' | 'shock', value: string): string => {
    const story = storyAt('perfected');
    const sensor = trigger === 'weight' ? 'scale' : 'climate';
    return codeOf(
      story.warn({
        trigger,
        evidence: [story.world.reading({ device: sensor, values: { [trigger]: value } })],
      }),
    );
  };
  for (const [trigger, safe, unsafe] of [
    ['weight', '995', '994.999'],
    ['weight', '1005', '1005.001'],
    ['temperature', '40', '40.001'],
    ['temperature', '-5', '-5.001'],
    ['tilt', '0.5236', '0.52361'],
    ['tilt', '-0.5236', '-0.52361'],
    ['shock', '49.033', '49.0331'],
  ] as const) {
    assert.equal(
      [warnAt(trigger, safe), warnAt(trigger, unsafe)],
      ['E_EVIDENCE', 'OK'],
      `${trigger} ${safe}`,
    );
  }
});

edges('haircuts may take the whole, a range may be one degree, a lien names its currency', () => {
  const story = storyAt('supplied');
  assert.is(codeOf(story.evaluate({ haircutBp: 4_000, fxHaircutBp: 6_000 })), 'OK');
  assert.is(story.world.read(evaluation, story.evaluation).lendable, 0);
  assert.is(
    codeOf(storyAt('empty').register({ temperature: { leastMilliC: 4_000, mostMilliC: 4_000 } })),
    'OK',
  );
  assert.is(codeOf(storyAt('empty').register({ temperature: undefined })), 'OK');
  assert.is(codeOf(storyAt('registered').issue({ lienAmount: 1, lienCurrency: 'EUR' })), 'OK');
  assert.is(codeOf(storyAt('registered').issue({ lienCurrency: 'x' })), 'E_SCHEMA');
});

const secondLot = `${withCheckDigit('0950600013435')}/LOT-8`;

/** A loan over two lots of one owner, both valued, approved. */
function overTwoLots(): { readonly story: Story; readonly second: Uint8Array } {
  const story = storyAt('registered', 'lot');
  const second = labelKey(network, 'lot', secondLot);
  const other = new Story(story.world, { scheme: 'lot', label: secondLot });
  const steps: readonly (() => Outcome)[] = [
    () => other.register(),
    () => story.apply({ units: [story.unit, second] }),
    () => story.authorise({ scope: [story.unit, second] }),
    () => story.stateOrder(),
    () => story.supply(),
    () => {
      Object.assign(other, { loan: story.loan, grant: story.grant });
      return other.stateOrder();
    },
    () => other.supply(),
    () => story.evaluate({ lines: [story.line(), other.line({ quantity: 500_000 })] }),
    () => story.approve({ limit: 2_000_000 }),
  ];
  for (const step of steps) assert.is(codeOf(step()), 'OK');
  return { story, second };
}

edges('a loan is secured by several goods; what it may draw is what the perfected ones support', () => {
  const { story, second } = overTwoLots();
  const valued = story.world.read(evaluation, story.evaluation);
  assert.is(valued.eligible, 2_250_000 + 1_125_000);
  const first = story.agree({ ceiling: 2_000_000 }).id;
  assert.is(codeOf(story.agree({ unit: second, quantity: 500_000, ceiling: 100 })), 'OK');
  const perfectAt = (id: Uint8Array): string => codeOf(story.perfect({ pledge: id }));
  assert.is(perfectAt(first), 'OK');
  const drawing = { interest: 0, costs: 0 };
  assert.is(
    codeOf(story.draw({ ...drawing, principal: 1_350_001 })),
    'E_LIMIT',
    'the second is not perfected',
  );
  assert.is(perfectAt(story.pledge), 'OK');
  assert.is(codeOf(story.draw({ ...drawing, principal: 2_000_000 })), 'OK');
  assert.is(codeOf(story.draw({ principal: 1, interest: 0, costs: 0 })), 'E_LIMIT');
  assert.equal(findBreaches(story.world), []);
});

edges('the debt is secured up to the sum of the ceilings, to the minor unit', () => {
  const drawWith = (costs: number): string => {
    const { story, second } = overTwoLots();
    const first = story.agree({ ceiling: 600_000 }).id;
    story.agree({ unit: second, quantity: 500_000, ceiling: 400_001 });
    story.perfect({ pledge: first });
    story.perfect();
    return codeOf(story.draw({ principal: 1_000_000, interest: 0, costs }));
  };
  assert.equal([drawWith(1), drawWith(2)], ['OK', 'E_LIMIT']);
});

edges('what part of a lot supports is drawn to the minor unit', () => {
  const drawOf = (principal: number): string => {
    const story = storyAt('evaluated', 'lot');
    story.approve({ limit: LENDABLE });
    story.agree({ quantity: 600_000, ceiling: LENDABLE });
    story.perfect();
    return codeOf(story.draw({ principal, interest: 0, costs: 0 }));
  };
  assert.equal([drawOf(0.6 * LENDABLE), drawOf(0.6 * LENDABLE + 1)], ['OK', 'E_LIMIT']);
});

edges('the second of a loan’s pledges in trouble stops its drawings', () => {
  const { story, second } = overTwoLots();
  const first = story.agree().id;
  story.agree({ unit: second, quantity: 500_000 });
  story.perfect({ pledge: first });
  story.perfect();
  assert.is(codeOf(story.warn()), 'OK');
  assert.is(codeOf(story.draw({ principal: 1, interest: 0, costs: 0 })), 'E_STATE');
});

edges('a loan has sixteen live pledges, a unit sixteen holders, whichever is full first', () => {
  const { story, second } = overTwoLots();
  for (let i = 0; i < 8; i++) {
    assert.is(codeOf(story.agree({ quantity: 1 })), 'OK');
    assert.is(codeOf(story.agree({ unit: second, quantity: 1 })), 'OK');
  }
  assert.is(codeOf(story.agree({ quantity: 1 })), 'E_POLICY', 'the loan has sixteen, its units eight each');
  story.release();
  assert.is(codeOf(story.agree({ quantity: 1 })), 'OK', 'fifteen are live');

  const lot = storyAt('approved', 'lot');
  const rival = lot.rival('approved');
  for (let i = 0; i < 8; i++) {
    assert.is(codeOf(lot.agree({ quantity: 1 })), 'OK');
    assert.is(codeOf(rival.agree({ quantity: 1 })), 'OK');
  }
  assert.is(codeOf(lot.agree({ quantity: 1 })), 'E_POLICY', 'the lot has sixteen, its loans eight each');
});

edges('the last gram and the last package', () => {
  const lot = storyAt('approved', 'lot');
  assert.is(codeOf(lot.agree({ quantity: QUANTITY - 1 })), 'OK');
  assert.is(codeOf(lot.agree({ quantity: 1 })), 'OK');
  assert.is(codeOf(lot.agree({ quantity: 1 })), 'E_ENCUMBERED');
  const receipted = storyAt('registered', 'lot');
  assert.is(codeOf(receipted.issue({ quantity: QUANTITY - 1 })), 'OK');
  assert.is(codeOf(receipted.issue({ quantity: 1 })), 'OK');
  assert.is(codeOf(receipted.issue({ quantity: 1 })), 'E_OVERISSUE');
});

edges('each receipt of a lot is security by itself', () => {
  const story = storyAt('approved', 'lot');
  const first = story.issue({ quantity: 600_000 }).id;
  const second = story.issue({ quantity: 400_000 }).id;
  assert.is(codeOf(story.agree({ receipt: first, quantity: 600_000 })), 'OK');
  assert.is(codeOf(story.agree({ receipt: second, quantity: 400_001 })), 'E_INSUFFICIENT');
  assert.is(codeOf(story.agree({ receipt: second, quantity: 400_000 })), 'OK');
  assert.is(codeOf(story.perfect()), 'OK');
  assert.equal(findBreaches(story.world), []);
});

edges('free for valuation is what neither goods nor receipts hold for others', () => {
  const story = storyAt('approved', 'lot');
  const rival = story.rival('supplied');
  const first = story.issue({ quantity: 600_000 }).id;
  assert.is(codeOf(story.agree({ receipt: first, quantity: 1 })), 'OK');
  const valued = (quantity: number): string =>
    codeOf(rival.fork().evaluate({ lines: [rival.line({ quantity })] }));
  assert.equal(
    [valued(400_000), valued(400_001)],
    ['OK', 'E_INELIGIBLE'],
    'who holds a receipt holds the whole of it',
  );
});

edges.run();
