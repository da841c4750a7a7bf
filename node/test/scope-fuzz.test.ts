/**
 * 10,000 random reads by a bank without a live grant disclose nothing (R005, R031): every GET route of the API's own
 * document, filled with ids of everything on the ledger. What is hidden from the bank is looked for in every answer.
 */

import '../polyfill.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { genesisSchema } from '../../consensus/checkpoint/genesis.ts';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { objectJson, type VisibilityClass } from '../../consensus/contracts/object.ts';
import { objectTypes, visibleClasses } from '../../consensus/contracts/views.ts';
import { bundleSchema } from '../../light-client/proof/bundle.ts';
import { type ApiServer, startApi } from '../http/server.ts';
import { Api } from './local-nodes.ts';
import { type Name, names, SharedLedger } from './shared-ledger.ts';

const test = suite('scope');

const REQUESTS = 10_000;
const SEED = 11;
const LABEL = '340123450000000017';
const WEIGHT_KG = '1000.123';

let ledger: SharedLedger;
let server: ApiServer;
let api: Api;
const logged: { readonly message: string; readonly facts: object }[] = [];
const ids: string[] = [];
/** Ids that lead to something hidden: calls' vertices, a batch, the loan, the pledge, the receipt. */
const telling: string[] = [];

async function serve(name: Name): Promise<{ readonly server: ApiServer; readonly api: Api }> {
  const log = {
    error: (facts: object, message: string) => assert.unreachable(`${message} ${JSON.stringify(facts)}`),
    warn: (facts: object, message: string) => void logged.push({ facts, message }),
  };
  const services = ledger.services[name];
  const made = await startApi({ host: '127.0.0.1', port: 0, token: name, version: '0', services, log });
  return { server: made, api: new Api(made.url, name) };
}

test.before(async () => {
  ledger = await SharedLedger.start();
  await ledger.register(LABEL);
  const receipt = (await ledger.issueReceipt(LABEL)).callId;
  // The rival asks first, under a grant that is revoked before the reads.
  const asked = await ledger.approve(LABEL, 'rival', 0);
  const { loan } = await ledger.approve(LABEL);
  const pledge = (await ledger.agree(LABEL, loan, receipt)).callId;
  await ledger.perfect(pledge);
  await ledger.draw(loan, 123_457);
  await ledger.statePrice(LABEL);
  const drawn = await ledger.draw(loan, 7);
  const readings = await ledger.measure(WEIGHT_KG);
  telling.push(readings, receipt, loan, pledge, readings, drawn.vertex, loan);
  ids.push(...telling, asked.loan);
  await ledger.succeed(['rival'], 'revoke-grant', { grant: asked.grant });
  for (const stored of ledger.runner.replica.ledger.state.objects()) ids.push(toHex(stored.id));
  ({ server, api } = await serve('rival'));
});
test.after(async () => {
  await server?.close();
  await ledger?.stop();
});

/** Texts and numbers of a JSON value that are telling by themselves. */
function* tokensOf(value: Json): Generator<string> {
  if (typeof value === 'string' && value.length >= 5) yield JSON.stringify(value).slice(1, -1);
  // Times are everybody's: checkpoints tell them.
  else if (typeof value === 'number' && value >= 10_000 && value < 1e12) yield String(value);
  else if (typeof value === 'object' && value !== null)
    for (const entry of Object.values(value)) yield* tokensOf(entry as Json);
}

/** What only others may see: values and salts of hidden parts, less whatever the rival or everybody sees anyway. */
async function secrets(): Promise<string[]> {
  const { state } = ledger.runner.replica.ledger;
  const rival = fromHex(ledger.party('rival'))!;
  const hidden = new Set<string>();
  const known = new Set<string>();
  for (const stored of state.objects()) {
    const type = objectTypes.get(stored.type)!;
    // By the contracts' own table, whatever the API makes of it.
    const visible = visibleClasses(stored, rival, state);
    for (const visibility of [0, 1, 2] as VisibilityClass[]) {
      const into = visible.includes(visibility) ? known : hidden;
      for (const token of tokensOf(objectJson(type, stored, [visibility]))) into.add(token);
      const { salt, value } = stored.parts[visibility]!;
      if (!visible.includes(visibility) && value.length > 1) hidden.add(toHex(salt));
    }
  }
  for (const token of tokensOf([LABEL, ...ids, ...names.map((name) => ledger.party(name))])) known.add(token);
  // Who the parties are stands in the genesis, which everybody has.
  for (const token of tokensOf(genesisSchema.toJson(ledger.genesis.record))) known.add(token);
  // Words of the API itself, such as “first”, tell nothing.
  const roles = ['enterprise', 'bank', 'monitor', 'warehouse', 'auditor', 'resolver', 'appraiser'];
  for (const path of [
    '/openapi.json',
    '/v1/transitions',
    ...roles.map((role) => `/v1/permissions?role=${role}`),
  ])
    known.add(JSON.stringify(await api.get(path)));
  return [...hidden].filter((token) => !known.has(token) && ![...known].some((open) => open.includes(token)));
}

interface Route {
  readonly path: string;
  readonly query: readonly string[];
}

async function routes(): Promise<Route[]> {
  const { paths } = (await api.get('/openapi.json')) as {
    readonly paths: {
      readonly [path: string]: {
        readonly get?: { readonly parameters?: readonly { readonly in: string; readonly name: string }[] };
      };
    };
  };
  return Object.entries(paths)
    .filter(([path, { get }]) => get !== undefined && path.startsWith('/v1/') && path !== '/v1/events')
    .map(([path, { get }]) => ({
      path,
      query: (get!.parameters ?? []).filter((entry) => entry.in === 'query').map((entry) => entry.name),
    }));
}

let seed = SEED;
function random(below: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return (seed >>> 8) % below;
}
const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;

function fill(name: string): string {
  switch (name) {
    case 'type':
      return pick([...objectTypes.keys(), 'unit', 'loan', 'receipt', 'pledge', 'unit', 'loan']);
    case 'scheme':
      return pick(['sscc', 'lot', 'lei', 'device']);
    case 'label':
      return pick([LABEL, 'scale-1', ledger.lei('enterprise'), 'nothing']);
    case 'height':
      return pick(['newest', String(random(ledger.height + 2))]);
    case 'index':
    case 'limit':
      return String(random(3) + (name === 'limit' ? 1 : 0));
    case 'number':
      return pick(['PO-1', 'PO-2']);
    case 'role':
      return pick(['bank', 'monitor', 'duke']);
    case 'state':
      return pick(['STORED', 'HELD', 'DRAWN']);
    case 'enterprise':
      return pick([ledger.party('enterprise'), ledger.party('buyer')]);
    case 'currency':
      return pick(['EUR', 'USD']);
    case 'unit':
      return pick([`sscc:${LABEL}`, `sscc:${LABEL}@5`]);
    case 'device':
      return pick(['scale-1', 'camera-1']);
    case 'at':
      return String(Date.now() - random(5_000));
    case 'before':
      return `${random(ledger.height + 2)}.${random(3)}`;
    case 'mine':
    case 'opened':
    case 'outcomes':
      return pick(['true', 'false']);
    default:
      return pick([pick(ids), pick(telling), pick(telling), `sscc:${LABEL}`, 'ff'.repeat(32), 'x']);
  }
}

function makePath({ path, query }: Route): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(fill(name)));
  const asked = query
    .filter(() => random(2) === 0)
    .map((name) => `${name}=${encodeURIComponent(fill(name))}`);
  return asked.length === 0 ? filled : `${filled}?${asked.join('&')}`;
}

/** What an answer says, a bundle with all that can be read out of it. */
function textOf(bytes: Uint8Array, media: string): string {
  const text = Buffer.from(bytes).toString('latin1');
  if (!media.includes('octet-stream')) return Buffer.from(bytes).toString('utf8');
  const decoded = bundleSchema.decode(bytes);
  assert.ok(decoded.ok);
  return text + JSON.stringify(bundleSchema.toJson(decoded.value));
}

test('with a live grant the rival is told of readings; once it is revoked, of nothing', async () => {
  const { readings, withheld } = await api.get('/v1/readings?limit=500');
  assert.equal(readings, []);
  assert.ok(withheld > 0, 'they are here, and withheld');
  const monitor = await serve('monitor');
  try {
    const shown = await monitor.api.get('/v1/readings?limit=500');
    assert.ok(JSON.stringify(shown).includes(WEIGHT_KG), 'whose devices they are sees them');
  } finally {
    await monitor.server.close();
  }
});

test('the detector sees a disclosure: what the enterprise is shown is full of it', async () => {
  const hidden = await secrets();
  assert.ok(hidden.length > 40, `${hidden.length} secrets`);
  const enterprise = await serve('enterprise');
  try {
    const seen = JSON.stringify([
      await enterprise.api.get(`/v1/objects/unit/sscc:${LABEL}`),
      await enterprise.api.get(`/v1/objects/receipt/${telling[1]}`),
      await enterprise.api.get(`/v1/cover/${telling[2]}`),
    ]);
    const found = hidden.filter((token) => seen.includes(token));
    assert.ok(found.length > 5, found.join(', '));
  } finally {
    await enterprise.server.close();
  }
});

test(`${REQUESTS} random reads disclose nothing; those that ask for a payload are refused with E_SCOPE and logged`, async () => {
  const hidden = await secrets();
  const all = await routes();
  assert.ok(all.length >= 25, `${all.length} routes`);
  const statuses = new Map<string, number>();
  const answered = new Set<string>();
  let refused = 0;
  logged.length = 0;
  for (let request = 0; request < REQUESTS; request++) {
    const route = pick(all);
    const path = makePath(route);
    const response = await api.request('GET', path);
    const text = textOf(
      new Uint8Array(await response.arrayBuffer()),
      response.headers.get('content-type') ?? '',
    );
    // What the reader named itself is no news to it.
    const found = hidden.find((token) => text.includes(token) && !path.includes(token));
    assert.is(found, undefined, `request ${request} of seed ${SEED}, ${path} discloses`);
    if (response.ok) answered.add(route.path);
    const code = response.ok ? 'OK' : String((JSON.parse(text) as { code?: string }).code);
    statuses.set(code, (statuses.get(code) ?? 0) + 1);
    if (code === 'E_SCOPE') refused += 1;
    assert.ok(response.status < 500 || code !== 'undefined', `${path}: ${response.status} ${text}`);
  }
  assert.ok(refused > 100, `${refused} refused`);
  assert.is(logged.length, refused);
  const hiddenLog = JSON.stringify(logged);
  assert.is(
    hidden.find((token) => hiddenLog.includes(token)),
    undefined,
    'the log says nothing of it either',
  );
  assert.ok(answered.size >= 20, `${answered.size} routes answered`);
  console.log(
    `${REQUESTS} reads over ${all.length} routes, ${hidden.length} secrets: ${[...statuses].map((entry) => entry.join(' ')).join(', ')}`,
  );
});

test('composing a call does not fetch a reading that may not be seen', async () => {
  const args = { pledge: telling[3], registration: null, evidence: [`reading:${telling[0]}/0`] };
  const { status, code } = await api.refused('POST', '/v1/calls', { transition: 'perfect-pledge', args });
  assert.equal([status, code], [403, 'E_SCOPE']);
});

test.run();
