/** Scenario files: what is wrong in one is told with file, step and key; and what sensors say is exact. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatDecimal } from '../../consensus/vertex/decimal.ts';
import { verifyFrame } from '../../consensus/vertex/frame.ts';
import { sensorSigner } from '../../light-client/sensors/sensor-key.ts';
import { checkPlayable } from '../demo/cast.ts';
import type { FeedStep } from '../story/plan.ts';
import { Sensors, valueAt } from '../story/readings.ts';
import { parseReference, parseTime, pick, referencesIn, resolveReferences } from '../story/references.ts';
import { findScenario, readScenarioFile, scenarioNames } from '../story/scenario-file.ts';
import { fits } from '../story/story.ts';

const story = suite('story');
const truck = await readFile(findScenario('truck'), 'utf8');

/** What reading `text` as a scenario file gives, or the error with the file's path taken out. */
async function read(text: string) {
  const folder = await mkdtemp(join(tmpdir(), 'tally-story-'));
  const file = join(folder, 'told.toml');
  try {
    await writeFile(file, text);
    return (await readScenarioFile(file)).story!;
  } catch (error) {
    return (error as Error).message.replaceAll(file, 'FILE');
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The truck's story with `from` replaced, which must be there. */
function changed(from: string, to: string): Promise<unknown> {
  assert.ok(truck.includes(from), from);
  return read(truck.replace(from, to));
}

const faults: readonly [from: string, to: string, expected: RegExp][] = [
  ['roles = ["monitor"]', 'roles = ["moniteur"]', /^FILE: cast\["monitor-a"\]\.roles\[0\]: /],
  ['roles = ["monitor"]', 'roles = ["auditor"]', /FILE: gateway: expected a monitor of the cast/],
  ['title = "Bank A"', 'title = "Bänk"', /FILE: cast\["bank-a"\]\.title: expected 1 to 80 ASCII/],
  ['owner = "enterprise"', 'owner = "nobody"', /FILE: devices\.truck\.owner: nobody is not in the cast/],
  ['[devices.phone]', '[devices.pump]', /FILE: devices\.pump: the name is used already/],
  ['evidenceAgeMs = 14_400_000', 'evidenceAge = 1', /FILE: .*evidenceAge: .*no such field/],
  [
    'evidenceAgeMs = 14_400_000',
    'evidenceAgeMs = 60_000',
    /FILE: policy\.evidenceAgeMs: the sensors live through \d+ ms/,
  ],
  ['heartbeatMs = 1_000', 'heartbeet = 1', /FILE: pace\.heartbeet: there is no such field/],
  ['money = "bank-a"', 'money = "bank-z"', /FILE: names\.eur\.money: bank-z is not in the cast/],
  [
    'account = "eur", of = "truck"',
    'account = "usd", of = "truck"',
    /FILE: names\.purse\.account: usd is no money/,
  ],
  [
    'call = "issue-money"',
    'call = "print-money"',
    /FILE: step 1 \(fund\), call: print-money is no transition/,
  ],
  [
    'call = "issue-money"',
    'cal = "issue-money"',
    /FILE: step 1 \(fund\), \(step\): expected one of call, feed, wait, check/,
  ],
  [
    'by = ["bank-a"]',
    'by = ["bank-z"]',
    /FILE: step 1 \(fund\), by: bank-z is neither in the cast nor a device/,
  ],
  [
    'amount = 100_000',
    'amunt = 100_000',
    /FILE: step 1 \(fund\), args\.amunt: no such argument; issue-money takes /,
  ],
  ['amount = 100_000, ', '', /FILE: step 1 \(fund\), args\.amount: is missing/],
  [
    'to = "$enterprise"',
    'to = "$mandate"',
    /FILE: step 1 \(fund\), args: \$mandate: nothing before has that name/,
  ],
  ['to = "$enterprise"', 'to = "$Enterprise"', /FILE: step 1 \(fund\), args: \$Enterprise is no reference/],
  [
    'event = "$filling.truck[0]"',
    'event = "$filling.phone[0]"',
    /FILE: step 5 \(fuel\), args: .*phone is not fed there/,
  ],
  [
    'event = "$filling.truck[0]"',
    'event = "$mandate[0]"',
    /FILE: step 5 \(fuel\), args: .*mandate is no feed/,
  ],
  [
    'event = "$filling.truck[0]"',
    'event = "$mandate.child"',
    /FILE: step 5 \(fuel\), args: .*expected which child, such as \[0\]/,
  ],
  [
    'event = "$filling.truck[0]"',
    'event = "$mandate.child[-1]"',
    /FILE: step 5 \(fuel\), args: .*expected which child/,
  ],
  [
    'event = "$filling.truck[0]"',
    'event = "$truck.child[0]"',
    /FILE: step 5 \(fuel\), args: .*truck is no feed/,
  ],
  [
    'account = "eur", of = "truck"',
    'result = "eur", of = "enterprise"',
    /FILE: names\.purse\.of: enterprise is no device/,
  ],
  ['event = "$filling.truck[0]"', 'event = "$event"', /FILE: step 5 \(fuel\), args: \$event/],
  [
    'truck = { pulses = 120 }',
    'truck = { pulse = 120 }',
    /FILE: step 4 \(filling\), feed\.truck\.pulse: no such quantity/,
  ],
  [
    'truck = { pulses = 120 }',
    'truck = { pulses = "1/2" }',
    /FILE: step 4 \(filling\), feed\.truck\.pulses: /,
  ],
  ['every = "10m"', 'every = "10 minutes"', /FILE: step 7 \(driving\), every: expected a time such as/],
  ['over = { pulses = 0 }', 'over = { pulses = "none" }', /FILE: step 8 \(tolls\), over\.pulses: /],
  ['over = { pulses = 0 }', 'over = { wheels = 0 }', /FILE: step 8 \(tolls\), over: expected one quantity/],
  ['times = 3', 'times = = 3', /^FILE, line \d+, column \d+: /],
  ['times = 3\n', '', /FILE: step 8 \(tolls\), times: expected how often/],
  ['expect = "E_EVIDENCE"', 'expect = "E_TWICE"', /FILE: step 6 \(fuel-twice\), expect: E_TWICE is no code/],
  ['name = "fuel"', 'name = "fund"', /FILE: step 5 \(fund\), name: the name is used already/],
  ['check = "account"', 'check = "purse"', /FILE: step 18 \(haulier\), check: purse is no type of object/],
  [
    'balance = 44_100',
    'ballance = 44_100',
    /FILE: step 18 \(haulier\), fields\.ballance: no such field; account has /,
  ],
];
for (const [from, to, expected] of faults)
  story(`a fault is told: ${to}`, async () => assert.match(String(await changed(from, to)), expected));

story('all faults of a file are told at once; a file without a story has none', async () => {
  const both = await read(truck.replace('times = 3\n', '').replace('amount = 100_000', 'amunt = 100_000'));
  assert.match(String(both), /^FILE: .*args\.amunt.*\nFILE: .*args\.amount.*\nFILE: .*times/);
  assert.is(await read('nodes = 4\n[pace]\nheartbeatMs = 5\n'), undefined);
  assert.is((await readScenarioFile('truck')).story?.title.slice(0, 7), 'A truck');
});

story(
  'every scenario that comes with the program can be told in the demo, but one that takes days; one with another cast cannot',
  async () => {
    for (const name of scenarioNames())
      if (name !== 'factory') checkPlayable((await readScenarioFile(name)).story!);
    const { story: factory } = await readScenarioFile('factory');
    assert.throws(
      () => checkPlayable(factory!),
      /factory: it waits for 82 hours, .* tally sim --scenario factory/,
    );
    const { story: plan } = await readScenarioFile('truck');
    const cast = plan!.cast.map((member) =>
      member.name === 'bank-a' ? { ...member, roles: ['resolver' as const] } : member,
    );
    assert.throws(() => checkPlayable({ ...plan!, cast }), /cast\.bank-a\.roles: in the demo it is bank$/);
    const steps = plan!.steps.map((step) => (step.type === 'check' ? { ...step, by: 'pump' } : step));
    assert.throws(
      () => checkPlayable({ ...plan!, steps }),
      /step 18 \(haulier\), by: runs no node in the demo/,
    );
  },
);

story('programmes are exact', () => {
  const text = (programme: Parameters<typeof valueAt>[0], i: number, everyMs: number) =>
    formatDecimal(valueAt(programme, i, everyMs));
  const theft = { type: 'line', from: '75000', perMinute: '-0.1' } as const;
  assert.is(text(theft, 0, 20_000), '75000');
  // A third of a tenth, to nine places, rounded towards zero.
  assert.is(text(theft, 1, 20_000), '74999.966666667');
  assert.is(text(theft, 3, 20_000), '74999.9');
  const curve = { type: 'values', values: ['6', '6.50', '-8'] } as const;
  assert.equal(
    [0, 1, 2, 3].map((i) => text(curve, i, 1)),
    ['6', '6.5', '-8', '-8'],
  );
});

story('the sensors’ time goes on with what they are fed, and is never ahead of the ledger', async () => {
  const { story: plan } = await readScenarioFile('truck');
  const network = new Uint8Array(32).fill(7);
  const signer = sensorSigner('story', '8004-TRUCK-12');
  const sensors = new Sensors(plan!, network, [{ ...plan!.devices[0]!, signer }]);
  const feeds = plan!.steps.filter((step): step is FeedStep => step.type === 'feed');
  const nowMs = 1_800_000_000_000;
  const frames = feeds.flatMap((feed) => sensors.frames(feed, nowMs));
  assert.is(frames.length, 10);
  assert.ok(frames.every((frame) => verifyFrame(frame, network, signer.publicKey)));
  assert.equal(
    frames.map(({ counter }) => counter),
    frames.map((_, i) => i + 1),
  );
  for (const [i, { time }] of frames.entries()) if (i > 0) assert.ok(time > frames[i - 1]!.time);
  assert.ok(frames.at(-1)!.time < nowMs);
});

story('references: their forms, what they stand for, and where they stand', () => {
  assert.equal(parseReference('$now-90d'), { type: 'now', offsetMs: -7_776_000_000 });
  assert.equal(parseReference('$a-1.b[-2..3]'), {
    ...{ type: 'name', name: 'a-1', part: 'b', range: [-2, 3], single: false },
  });
  for (const text of ['$', '$A', '$a.b.c', '$a[', '$a[1.2]', '$now+', '$now+3', '$now+3w', '$-a'])
    assert.is(parseReference(text), undefined, text);
  assert.equal(parseTime('1.5h'), 5_400_000);
  assert.is(parseTime('5'), undefined);
  const args = { list: ['$two', 'x', ['$two']], one: '$two', deep: { $not: 1, yes: '$one' } };
  assert.equal(referencesIn(args), ['$two', '$two', '$two', '$one']);
  const resolved = resolveReferences(args, (text) => (text === '$two' ? ['a', 'b'] : 'c'));
  assert.equal(resolved, {
    list: ['a', 'b', 'x', ['a', 'b']],
    one: ['a', 'b'],
    deep: { $not: 1, yes: 'c' },
  });
  const five = [0, 1, 2, 3, 4];
  assert.equal(pick(five, [-1, -1]), [4]);
  assert.equal(pick(five, [1, -2]), [1, 2, 3]);
  for (const range of [
    [5, 5],
    [-6, 0],
    [3, 2],
  ] as const)
    assert.is(pick(five, range), undefined);
});

story(
  'what is found fits what is wanted: of records any part, of lists each member, and nothing else',
  () => {
    const found = { state: 'OPEN', debt: { costs: 0, principal: 5 }, shares: [{ to: 'a', amount: 1 }] };
    for (const wanted of [{}, { state: 'OPEN' }, { debt: { principal: 5 } }, { shares: [{ amount: 1 }] }])
      assert.ok(fits(wanted, found), JSON.stringify(wanted));
    for (const wanted of [
      { state: 'SHUT' },
      { debt: { principal: 4 } },
      { debt: 5 },
      { shares: [] },
      { shares: { 0: { amount: 1 } } },
      { shares: [{ amount: 1 }, { amount: 1 }] },
      { shares: [{ amount: '1' }] },
      { missing: 0 },
    ])
      assert.not.ok(fits(wanted, found), JSON.stringify(wanted));
  },
);

story.run();
