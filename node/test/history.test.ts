/** Histories: every hop proved and none left out; whose goods were, at every time. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { type Bundle, bundleSchema, type Hop, type Statement } from '../../light-client/proof/bundle.ts';
import { type Interval, intervalAt } from '../service/owners.ts';
import { type Name, SharedLedger, value } from './shared-ledger.ts';

const test = suite('history');

const GOODS = '340123450000000017';
const RECEIPTED = '340123450000000024';

let ledger: SharedLedger;
let loan: string;
let pledge: string;

test.before(async () => {
  ledger = await SharedLedger.start();
  await ledger.register(GOODS);
  await ledger.register(RECEIPTED);
  ({ loan } = await ledger.approve(GOODS));
  pledge = (await ledger.agree(GOODS, loan)).callId;
  await ledger.perfect(pledge);
  assert.is((await ledger.draw(loan, 100_000)).outcome.code, 'OK');
  assert.is((await ledger.draw(loan, 100_000)).outcome.code, 'OK');
  // A refused call changes nothing, and is no hop.
  assert.is((await ledger.draw(loan, 900_000)).outcome.code, 'E_LIMIT');
});
test.after(() => ledger?.stop());

const bundleOf = async (name: Name, type: string, id: string): Promise<Uint8Array> =>
  value(await ledger.services[name].histories.bundle(type, fromHex(id)!));

const steps = ['apply', 'authorise', 'evaluate', 'decide', 'agree-pledge', 'draw', 'draw'];

test('a loan’s history, as its parties see it and as everybody does', async () => {
  const { hops } = value(await ledger.services.bank.histories.history('loan', fromHex(loan)!));
  assert.equal(
    hops.map(({ transition }) => transition),
    steps,
  );
  assert.equal(
    hops.map(({ height }) => height),
    hops.map(({ height }) => height).sort((a, b) => a - b),
  );
  assert.is((hops[5]!.call!['args'] as { principal: number }).principal, 100_000);
  const { hops: seen } = value(await ledger.services.rival.histories.history('loan', fromHex(loan)!));
  assert.equal(
    seen.map(({ call }) => Object.keys(call!['args'] as object).join()),
    ['', 'loan', 'loan', 'loan', 'unit', 'loan', 'loan'],
  );
});

test('a long history comes in pages, and they add up to the whole', async () => {
  const { histories } = ledger.services.bank;
  const found: string[] = [];
  for (let before: Uint8Array | undefined, pages = 0; pages < 10; pages++) {
    const page = value(await histories.history('loan', fromHex(loan)!, { limit: 3, before }));
    found.unshift(...page.hops.map(({ transition }) => transition));
    if (page.previous === null) break;
    before = fromHex(page.previous)!;
  }
  assert.equal(found, steps);
});

test('the bundle is checked offline, opens what the party may see, and says that nothing is missing', async () => {
  for (const name of ['bank', 'rival'] as const) {
    const bytes = await bundleOf(name, 'loan', loan);
    const { verdict, facts } = ledger.verify(bytes);
    const text = facts.map((fact) => fact.text).join('\n');
    assert.is(verdict, 'valid', text);
    assert.match(text, /Hop 1: “apply” .* Hop 7: “draw”|Hop 1: “apply”/);
    assert.match(text, /whole history of the loan [0-9a-f]{64}/);
    assert.is(text.includes('principal 100000'), name === 'bank');
    console.log(`${name}: ${steps.length} hops in ${bytes.length} bytes`);
  }
  for (const [type, id] of [
    ['pledge', pledge],
    ['unit', toHex(value(ledger.services.bank.views.parseId(`sscc:${GOODS}`)))],
  ] as const)
    assert.is(ledger.verify(await bundleOf('bank', type, id)).verdict, 'valid', type);
});

const decode = (bytes: Uint8Array): Bundle => value(bundleSchema.decode(bytes));
type History = Extract<Statement, { readonly type: 'history' }>;

test('shortened, reordered, mixed or replaced hops: refused with a code that names the hop', async () => {
  const bundle = decode(await bundleOf('bank', 'loan', loan));
  const other = decode(await bundleOf('bank', 'pledge', pledge)).statement as History;
  const own = bundle.statement as History;
  const judge = (
    changes: Partial<History>,
  ): readonly [verdict: string, code: Code | undefined, text: string] => {
    const statement = { ...own, ...changes };
    const { verdict, code, facts } = ledger.verify(bundleSchema.encode({ ...bundle, statement }));
    return [verdict, code, facts.at(-1)!.text];
  };
  const { hops } = own;
  for (let left = 0; left < hops.length; left++) {
    const [verdict, code, text] = judge({ hops: hops.filter((_, index) => index !== left) });
    assert.equal([verdict, code], ['invalid', 'E_PROOF'], `without hop ${left + 1}`);
    // The hop that is missing is named, by its call; without the first the history is cut short.
    assert.ok(text.includes(toHex(hops[left]!.record.id)), text);
  }
  assert.match(judge({ hops: [hops[0]!, ...hops] })[2], /E_PROOF/);
  assert.match(judge({ hops: [...hops].reverse() })[2], /E_PROOF/);
  assert.match(judge({ object: other.object })[2], /E_PROOF/);
  const change = (index: number, made: Partial<Hop>): readonly Hop[] =>
    hops.map((hop, at) => (at === index ? { ...hop, ...made } : hop));
  for (const [what, made, code] of [
    ['another’s vertex', { vertex: hops[1]!.vertex, path: hops[1]!.path }, 'E_PROOF'],
    ['another’s call', { call: hops[1]!.call }, 'E_PAYLOAD'],
    ['no path', { path: [] }, 'E_PROOF'],
    ['signatures left out', { call: { ...hops[0]!.call, signatures: [] } }, 'E_PAYLOAD'],
    ['another’s record', { record: hops[1]!.record }, 'E_PROOF'],
    ['no record', { record: { ...hops[0]!.record, parts: undefined } }, 'E_PROOF'],
  ] as const)
    assert.equal(judge({ hops: change(0, made) }).slice(0, 2), ['invalid', code], what);
});

test('no byte of it can change', async () => {
  const bytes = await bundleOf('bank', 'pledge', pledge);
  for (let at = 0; at < bytes.length; at++) {
    const forged = bytes.slice();
    forged[at]! ^= 1 << (at % 8);
    const { verdict, code } = ledger.verify(forged);
    assert.ok(
      verdict === 'invalid' && code !== undefined,
      `byte ${at} of ${bytes.length}: ${verdict} ${code}`,
    );
  }
});

test('what has no history, and what is not there', async () => {
  const { histories } = ledger.services.bank;
  const codeOf = async (type: string, id: string): Promise<unknown> => {
    const answer = await histories.history(type, fromHex(id)!);
    return answer.ok || answer.code;
  };
  assert.is(await codeOf('chain', loan), 'E_NOT_FOUND');
  assert.is(await codeOf('warning', loan), 'E_NOT_FOUND');
  assert.is(await codeOf('loan', pledge), 'E_NOT_FOUND');
});

test('a hop whose vertex this node lacks is named, and not passed over', async () => {
  const { store, histories } = ledger.services.monitor;
  const [first] = value(await histories.history('loan', fromHex(loan)!)).hops;
  const { vertex } = store;
  (store as { vertex: typeof vertex }).vertex = async (key) =>
    key === first!.vertex ? undefined : vertex(key);
  try {
    const { hops } = value(await histories.history('loan', fromHex(loan)!));
    assert.is(hops[0]!.call, null);
    assert.is(hops.length, steps.length);
    const refused = await histories.bundle('loan', fromHex(loan)!);
    assert.ok(!refused.ok);
    assert.equal(
      [refused.code, refused.facts['vertex'], refused.facts['hop']],
      ['E_UNKNOWN', first!.vertex, 1],
    );
  } finally {
    (store as { vertex: typeof vertex }).vertex = vertex;
  }
});

const intervalsOf = async (name: Name, type: string, id: string): Promise<readonly Interval[]> =>
  value(await ledger.services[name].owners.intervals(type, value(ledger.services[name].views.parseId(id))));

/** Each begins where the one before it ends; at every time since the first there is exactly one, until the last ends. */
function checkWhole(intervals: readonly Interval[], untilMs: number): void {
  for (const [index, { since, until }] of intervals.entries()) {
    const next = intervals[index + 1];
    if (next === undefined) continue;
    assert.equal(until, next.since);
    assert.ok(since.height <= next.since.height);
  }
  const first = intervals[0]!.since.time;
  const ended = intervals.at(-1)!.until?.time ?? Number.POSITIVE_INFINITY;
  assert.is(intervalAt(intervals, first - 1), null);
  for (let time = first; time <= untilMs; time++) {
    const holding = intervals.filter(
      ({ since, until }) => since.time <= time && (until === null || time < until.time),
    );
    assert.is(holding.length, time < ended ? 1 : 0, `at ${time - first} ms`);
    assert.is(intervalAt(intervals, time), holding[0] ?? null);
  }
}

test('whose goods were and who had them, at every time: intervals neither overlap nor leave gaps', async () => {
  const label = `sscc:${RECEIPTED}`;
  const parties: readonly Name[] = ['buyer', 'enterprise'];
  let owner: Name = 'enterprise';
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (seed >> 16) % below;
  };
  const transfers: string[] = [ledger.party(owner)];
  for (let step = 0; step < 24; step++) {
    const to = parties[random(2)]!;
    if (to === owner) continue;
    await ledger.succeed([owner, to], 'transfer-title', { unit: label, to: ledger.party(to) });
    owner = to;
    transfers.push(ledger.party(owner));
  }
  const intervals = await intervalsOf('warehouse', 'unit', label);
  assert.equal(
    intervals.map((entry) => entry.owner),
    transfers,
  );
  assert.ok(transfers.length > 5);
  assert.equal([...new Set(intervals.map(({ user }) => user))], [ledger.party('warehouse')]);
  checkWhole(intervals, Date.now());
  // Which intervals are these goods' is their file's.
  const stranger = await ledger.services.rival.owners.intervals(
    'unit',
    value(ledger.services.rival.views.parseId(label)),
  );
  assert.is(stranger.ok || stranger.code, 'E_SCOPE');
});

test('a device’s owners follow from its history', async () => {
  const args = { device: 'device:camera-1', monitor: ledger.party('monitor') };
  await ledger.succeed(['monitor', 'warehouse'], 'transfer-thing', {
    ...args,
    to: ledger.party('warehouse'),
  });
  await ledger.succeed(['warehouse', 'monitor', 'buyer'], 'transfer-thing', {
    ...args,
    to: ledger.party('buyer'),
  });
  const intervals = await intervalsOf('rival', 'device', 'device:camera-1');
  assert.equal(
    intervals.map((entry) => entry.owner),
    (['monitor', 'warehouse', 'buyer'] as const).map((name) => ledger.party(name)),
  );
  checkWhole(intervals, Date.now());
});

test.run();
