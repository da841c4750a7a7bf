/**
 * Queries over a random walk of 10,000 calls through the whole machine: lists show exactly what the ledger holds (R130),
 * every object's thread leads back to its beginning, ownership has no gap (R108), and audits raise no false alarm.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { Survey } from '../../consensus/contracts/invariants/survey.ts';
import { hasHistory, writingCall } from '../../consensus/contracts/links.ts';
import { objectPath } from '../../consensus/contracts/object.ts';
import { loan } from '../../consensus/contracts/objects/loan.ts';
import { receipt } from '../../consensus/contracts/objects/receipt.ts';
import { tenure } from '../../consensus/contracts/objects/tenure.ts';
import { unit } from '../../consensus/contracts/objects/unit.ts';
import { defaultPolicy } from '../../consensus/contracts/policy.ts';
import { callRecord, key } from '../../consensus/contracts/registry.ts';
import { visibleClasses } from '../../consensus/contracts/views.ts';
import { emptySummary, walkOn } from '../../consensus/test/contract-walk.ts';
import { idOf, network, signerOf, World } from '../../consensus/test/contract-world.ts';
import type { Ledger } from '../replica/ledger.ts';
import { Access } from '../service/access.ts';
import { checkFile } from '../service/audit-checks.ts';
import type { Prover } from '../service/proofs.ts';
import { readPath } from '../service/receipt-paths.ts';
import { Views } from '../service/views.ts';

const test = suite('queries on a walk');

const CALLS = 10_000;
const SEED = 20_261_126;
const EVERY = 500;

const worlds: World[] = [];
let effects = 0;
test.before(() => {
  let calls = 0;
  World.onExecute = (world) => {
    calls += 1;
    if (calls % EVERY === 0) worlds.push(world.fork());
  };
  const summary = walkOn(CALLS, SEED);
  World.onExecute = () => {};
  assert.equal(summary.breaches, []);
  ({ effects } = summary);
});

const listed = ['unit', 'receipt', 'pledge', 'loan', 'thing', 'bill', 'device'] as const;

/** Everything that is listed of one type, page by page, and everything that the ledger holds of it. */
async function list(world: World, type: string, mine: boolean, limit: number) {
  const ledger = { state: world.state, genesis: { network } } as unknown as Ledger;
  const access = new Access(ledger, signerOf('bankA').publicKey);
  const views = new Views(ledger, access, undefined as unknown as Prover);
  const found: string[] = [];
  for (let after: string | null = ''; after !== null; ) {
    const page = await views.objects(type, { mine, after, limit });
    assert.ok(page.ok);
    found.push(...page.value.objects.map(({ id }) => id));
    after = page.value.next;
  }
  const held = [...world.objects()]
    .filter((stored) => stored.type === type)
    .filter((stored) => !mine || visibleClasses(stored, idOf('bankA'), world).length > 1)
    .map(({ id }) => toHex(id));
  return { found, held: held.sort() };
}

test('lists, a page at a time, are exactly what the ledger holds; `mine` what the party sees more of', async () => {
  assert.ok(
    worlds.length >= CALLS / EVERY - 1 && effects > 1_500,
    `${worlds.length} states, ${effects} effects`,
  );
  let seen = 0;
  for (const world of worlds) {
    for (const type of listed) {
      for (const mine of [false, true]) {
        const { found, held } = await list(world, type, mine, 3);
        assert.equal(found, held, `${type} ${mine}`);
        seen += found.length;
      }
    }
  }
  assert.ok(seen > 500, `${seen}`);
});

test(`R130: after ${CALLS} random operations on one ledger the list of assets is the ledger’s set`, async () => {
  let world: World | undefined;
  let calls = 0;
  World.onExecute = (of) => {
    calls += Number(world === of);
    world = of;
  };
  const summary = walkOn(CALLS, SEED, emptySummary(), undefined, { steps: 8_800, surveyEvery: 1_000 });
  World.onExecute = () => {};
  assert.equal([summary.breaches, summary.walks], [[], 1]);
  assert.ok(calls >= CALLS, `${calls} calls`);
  let assets = 0;
  for (const type of listed)
    for (const mine of [false, true])
      for (const limit of [3, 200]) {
        const { found, held } = await list(world!, type, mine, limit);
        assert.equal(found, held, `${type} ${mine} ${limit}`);
        assets += Number(!mine && limit === 3) * found.length;
      }
  console.log(
    `R130: ${calls} calls, ${summary.effects} effects, ${world!.state.size} objects, ${assets} of them listed`,
  );
  assert.ok(assets > 60, `${assets}`);
});

test('every object’s thread leads, ever further back, to the call that created it', () => {
  let longest = 0;
  for (const world of worlds) {
    for (const stored of world.objects()) {
      if (!hasHistory(stored.type)) continue;
      const path = objectPath(stored.type, stored.id);
      let height = Number.POSITIVE_INFINITY;
      let length = 0;
      for (let call = writingCall(stored); call !== undefined; length++) {
        const record = world.read(callRecord, call);
        assert.ok(record.height < height, `${stored.type}: ${record.height} after ${height}`);
        height = record.height;
        call = record.changed.find((entry) => equalBytes(entry.path, path))?.before;
      }
      assert.ok(length > 0, stored.type);
      longest = Math.max(longest, length);
    }
  }
  assert.ok(longest > 10, `${longest}`);
  console.log(`${worlds.length} states; the longest history has ${longest} hops`);
});

test('goods and receipts have one owner at every height from their beginning to their end', () => {
  for (const world of worlds) {
    const survey = new Survey(world);
    for (const { value } of [...survey.all(unit), ...survey.all(receipt)]) {
      let end: number | undefined;
      for (let id: Uint8Array | undefined = value.tenure; id !== undefined; ) {
        const interval = world.read(tenure, id) as { since: number; until?: number; previous?: Uint8Array };
        if (id !== value.tenure) assert.is(interval.until, end);
        assert.ok(interval.until === undefined || interval.until >= interval.since);
        end = interval.since;
        id = interval.previous;
      }
    }
  }
});

/** What a sound ledger may fail all the same: the goods have changed since they were stated, or some are missing. */
const mayDiffer = ['the newest status weighs', 'the order receipt states', 'the goods are as many'];

test('audits of sound ledgers: nothing fails but what has changed since it was stated', () => {
  let files = 0;
  for (const world of worlds) {
    const survey = new Survey(world);
    for (const { id, value } of survey.all(loan)) {
      files += 1;
      const file = { network, policy: defaultPolicy, survey, hides: () => false, id, loan: value };
      for (const { check, result, subject, pair } of checkFile(file)) {
        if (mayDiffer.some((known) => check.startsWith(known))) continue;
        assert.is(result, 'pass', `${subject.type}: ${check} ${JSON.stringify(pair)}`);
      }
    }
    for (const { id } of survey.all(receipt)) assert.is(readPath(id, survey, () => true).constant, true);
  }
  assert.ok(files > 40, `${files}`);
  assert.ok(worlds.every((world) => world.get(key, signerOf('bankA').publicKey)?.state === 'ACTIVE'));
  console.log(`${files} loans audited`);
});

test.run();
