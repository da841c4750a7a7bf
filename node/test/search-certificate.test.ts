/** The search certificate: true ones read like a sentence and verify; forged, mixed, shortened and old ones do not. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { type Bundle, bundleSchema, type Statement } from '../../light-client/proof/bundle.ts';
import type { StateProof } from '../../light-client/proof/state-proof.ts';
import { SharedLedger, value } from './shared-ledger.ts';

const test = suite('search certificate');

const FREE = '340123450000000017';
const PLEDGED = '340123450000000024';
const NOWHERE = '340123450000000031';

let ledger: SharedLedger;
const ids: { [name: string]: string } = {};
const certificate = async (label: string, opened = false): Promise<Uint8Array> =>
  value(await ledger.services.rival.searches.certificate('sscc', label, opened));

test.before(async () => {
  ledger = await SharedLedger.start();
  await ledger.register(FREE);
  await ledger.register(PLEDGED);
  ids['receipt'] = (await ledger.issueReceipt(PLEDGED)).callId;
  const { loan } = await ledger.approve(PLEDGED);
  ids['pledge'] = (await ledger.agree(PLEDGED, loan, ids['receipt'])).callId;
  await ledger.perfect(ids['pledge']);
});
test.after(() => ledger?.stop());

const textOf = (bytes: Uint8Array): string =>
  ledger
    .verify(bytes)
    .facts.map(({ text }) => text)
    .join('\n');

test('free goods, pledged goods, and an identifier under which there is nothing', async () => {
  const free = await certificate(FREE);
  assert.is(ledger.verify(free).verdict, 'valid', textOf(free));
  assert.match(
    textOf(free),
    /As of 20\d\d-.*Z \(checkpoint \d+\), SSCC 340123450000000017 carries no pledge/,
  );
  assert.match(textOf(free), /It does not say: what happened after/);
  const pledged = await certificate(PLEDGED);
  assert.is(ledger.verify(pledged).verdict, 'valid', textOf(pledged));
  assert.match(textOf(pledged), new RegExp(`Receipt ${ids['receipt']} over them is HELD`));
  assert.match(
    textOf(pledged),
    new RegExp(`A pledge of rank 1 is on them: ${ids['pledge']}, PERFECTED, perfected at checkpoint \\d+`),
  );
  assert.match(textOf(pledged), /carries that one entry and no other/);
  const none = await certificate(NOWHERE);
  assert.is(ledger.verify(none).verdict, 'valid', textOf(none));
  assert.match(textOf(none), /no goods are registered under SSCC 340123450000000031/);
  console.log(`certificates: free ${free.length}, pledged ${pledged.length}, nothing ${none.length} bytes`);
});

test('it shows what is everybody’s; a party may open what it sees, a stranger nothing more', async () => {
  const word = 'Butter';
  const { enterprise } = ledger.services;
  assert.not.match(textOf(await certificate(PLEDGED, true)), word);
  const own = value(await enterprise.searches.certificate('sscc', PLEDGED, false));
  assert.not.match(textOf(own), word);
  const opened = value(await enterprise.searches.certificate('sscc', PLEDGED, true));
  assert.is(ledger.verify(opened).verdict, 'valid', textOf(opened));
  assert.match(textOf(opened), word);
});

const decode = (bytes: Uint8Array): Bundle => value(bundleSchema.decode(bytes));
type Search = Extract<Statement, { readonly type: 'search' }>;
const searchOf = (bundle: Bundle): Search => {
  if (bundle.statement.type !== 'search') throw new Error('no certificate');
  return bundle.statement;
};
/** The verdict on a certificate with another statement, and the code of what is wrong with it. */
function judge(bundle: Bundle, changes: Partial<Search>): string {
  const statement = { ...searchOf(bundle), ...changes };
  const { verdict, code, facts } = ledger.verify(bundleSchema.encode({ ...bundle, statement }));
  return `${verdict} ${code} ${facts.at(-1)!.text}`;
}
const absent = (proof: StateProof): StateProof => ({ ...proof, parts: undefined });

test('shortened: nothing that the records name can be left out, nothing added, nothing replaced', async () => {
  const pledged = decode(await certificate(PLEDGED));
  const free = decode(await certificate(FREE));
  const own = searchOf(pledged);
  const foreign = searchOf(free);
  for (const [what, changes, wanted] of [
    ['no pledge', { pledges: [] }, /invalid E_PROOF .*pledge [0-9a-f]{64}, which the encumbrance names/],
    [
      'no receipt',
      { receipts: [] },
      /invalid E_PROOF .*receipt [0-9a-f]{64}, which the record of the goods names/,
    ],
    [
      'a pledge twice',
      { pledges: [own.pledges[0]!, own.pledges[0]!] },
      /invalid E_PROOF A? ?.*does not name/,
    ],
    ['encumbrance denied', { encumbrance: absent(own.encumbrance), pledges: [] }, /invalid E_PROOF/],
    ['another’s absence', { encumbrance: foreign.encumbrance, pledges: [] }, /invalid E_PROOF/],
    ['goods denied', { unit: absent(own.unit) }, /invalid E_PROOF/],
    ['a pledge denied', { pledges: own.pledges.map(absent) }, /invalid E_PROOF/],
    ['another label', { label: FREE }, /invalid E_PROOF .*another object/],
    ['receipt as a pledge', { pledges: own.receipts }, /invalid E_PROOF/],
  ] as const) {
    assert.match(judge(pledged, changes), wanted, what);
  }
  assert.match(judge(free, { receipts: own.receipts }), /invalid E_PROOF/);
});

test('mixed moments: an encumbrance from before the pledge does not pass beside goods of now', async () => {
  const before = decode(await certificate(FREE));
  const { height } = before.anchor.certified.header;
  await ledger.measure();
  const after = decode(await certificate(FREE));
  assert.ok(after.anchor.certified.header.height > height);
  const mixed = { encumbrance: searchOf(before).encumbrance };
  assert.match(judge(after, mixed), /invalid E_PROOF .*of another moment/);
});

test('replayed: what was true before, under a certificate of now, is as old as it is', async () => {
  const old = decode(await certificate(FREE));
  const { header } = old.anchor.certified;
  await new Promise((resolve) => setTimeout(resolve, 400));
  await ledger.measure();
  const anchor = await ledger.anchor(header.height);
  assert.ok(anchor.path.length > 0 && anchor.certified.header.height > header.height);
  const replayed = bundleSchema.encode({ ...old, anchor });
  const { verdict, facts } = ledger.verify(replayed);
  assert.is(verdict, 'valid', facts.at(-1)!.text);
  const nowMs = anchor.certified.header.time + 10;
  const told = ledger.verify(replayed, { nowMs, maxAgeMs: 100 });
  assert.equal([told.verdict, told.code], ['invalid', 'E_STALE']);
  assert.match(told.facts.at(-1)!.text, new RegExp(new Date(header.time).toISOString()));
});

test('stale: too old for who asks, for the trust root, or without a clock', async () => {
  const bytes = await certificate(FREE);
  const { time } = decode(bytes).anchor.certified.header;
  const at = (nowMs: number, maxAgeMs?: number) => {
    const { verdict, code } = ledger.verify(bytes, {
      nowMs,
      ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    });
    return `${verdict} ${code}`;
  };
  assert.is(at(time + 60_000, 60_000), 'valid undefined');
  assert.is(at(time + 60_001, 60_000), 'invalid E_STALE');
  assert.is(at(time + 60_001), 'valid undefined');
  assert.is(at(time + 10 * 365 * 86_400_000), 'unanchored E_STALE');
});

test('forged: no byte of it can change, and each refusal has a code', async () => {
  for (const bytes of [await certificate(FREE), await certificate(PLEDGED)]) {
    const codes = new Map<string, number>();
    for (let at = 0; at < bytes.length; at++) {
      const forged = bytes.slice();
      forged[at]! ^= 1 << (at % 8);
      const { verdict, code } = ledger.verify(forged);
      assert.ok(verdict === 'invalid' && code !== undefined, `byte ${at} of ${bytes.length}: ${verdict}`);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    for (const cut of [bytes.slice(0, -1), bytes.slice(1), Uint8Array.of(...bytes, 0), new Uint8Array(0)])
      assert.is(ledger.verify(cut).code, 'E_ENC');
    console.log(`${bytes.length} bytes forged: ${[...codes].map((entry) => entry.join(' ')).join(', ')}`);
  }
});

test('the certificate names the very pledge that agree-pledge is refused with', async () => {
  const rival = await ledger.approve(PLEDGED, 'rival', 0).catch((error: Error) => error.message);
  assert.match(String(rival), /E_INELIGIBLE|E_ENCUMBERED/);
  const { encumbrance } = value(ledger.services.rival.searches.search('sscc', PLEDGED));
  const shown = searchOf(decode(await certificate(PLEDGED))).pledges.map(({ id }) => toHex(id));
  assert.equal(shown, [ids['pledge']]);
  assert.match(JSON.stringify(encumbrance), ids['pledge']!);
});

test.run();
