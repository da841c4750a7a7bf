/** Real nodes for tests: throw-away homes on this machine, every port chosen by the system. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkGenesis,
  defaultCommitteeRules,
  defaultPace,
  type Genesis,
  genesisSchema,
  type Pace,
} from '../../consensus/checkpoint/genesis.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { defaultPolicy } from '../../consensus/contracts/policy.ts';
import { labelKey, type Role } from '../../consensus/contracts/registry.ts';
import { type Signer, SUITE } from '../../consensus/crypto/ed25519.ts';
import { DATA_DIR, nodeConfigToml, readNodeConfig } from '../config/node-config.ts';
import { nativeSigner } from '../crypto/native.ts';
import { createKeyFile } from '../keys/key-file.ts';
import { makeFirstStamp } from '../level/stamp.ts';
import { type RunningNode, startNode } from '../node.ts';

export const passphrase = 'only for tests';
/** Opening the key file takes a millisecond and not a tenth of a second. */
const WORK_FACTOR = 2;
/** On a busy machine views fail; a test does not wait for a minute until the next. */
const VIEW_TIMEOUT_MAX_MS = 4_000;

export interface Cast {
  readonly name: string;
  readonly role: Role;
  readonly seat: boolean;
}

export interface Home {
  readonly name: string;
  readonly folder: string;
  readonly configFile: string;
  readonly tokenFile: string;
  readonly signer: Signer;
  /** Id of its party, hex. */
  readonly party: string;
  readonly lei: string;
}

export interface LocalNetwork {
  readonly folder: string;
  readonly genesis: Genesis;
  readonly genesisFile: string;
  readonly homes: readonly Home[];
  home(name: string): Home;
  remove(): Promise<void>;
}

export function leiOf(index: number): string {
  const prefix = `5493000000000000${String(index).padStart(2, '0')}`;
  return `${prefix}${String(98n - ((BigInt(prefix) * 100n) % 97n)).padStart(2, '0')}`;
}

export async function makeNetwork(
  cast: readonly Cast[],
  pace: Partial<Pace> = {},
  {
    doesDuties = false,
    answersRequests = false,
  }: { readonly doesDuties?: boolean; readonly answersRequests?: boolean } = {},
): Promise<LocalNetwork> {
  const folder = await mkdtemp(join(tmpdir(), 'tally-test-'));
  const genesisFile = join(folder, 'genesis.json');
  const seeds = new Map<string, Uint8Array>();
  for (const { name } of cast) {
    await mkdir(join(folder, name));
    seeds.set(
      name,
      await createKeyFile(join(folder, name, 'key.age'), passphrase, { workFactor: WORK_FACTOR }),
    );
    const config = nodeConfigToml({
      name,
      genesisFile,
      listen: '/ip4/127.0.0.1/tcp/0',
      apiPort: 0,
      metricsPort: 0,
      doesDuties,
      answersRequests,
      logLevel: 'warn',
    });
    await writeFile(join(folder, name, 'config.toml'), config);
    await makeFirstStamp(join(folder, name, DATA_DIR));
  }
  const signers = cast.map(({ name }) => nativeSigner(seeds.get(name)!));
  const record = {
    ...{
      suite: SUITE,
      name: 'test',
      time: Date.now(),
      policy: defaultPolicy,
      pace: { ...defaultPace, viewTimeoutMaxMs: VIEW_TIMEOUT_MAX_MS, ...pace },
    },
    seats: signers.filter((_, i) => cast[i]!.seat).map((signer) => signer.publicKey),
    committee: defaultCommitteeRules,
    parties: cast.map(({ name, role }, i) => ({
      lei: leiOf(i),
      name,
      address: '1 Test Road',
      roles: [role],
      keys: [signers[i]!.publicKey],
    })),
  };
  const genesis = checkGenesis(record);
  if (!genesis.ok) throw new Error(`the test’s genesis is not good: ${JSON.stringify(genesis.facts)}`);
  await writeFile(genesisFile, JSON.stringify(genesisSchema.toJson(record)));
  const homes = cast.map(({ name }, i) => ({
    ...{
      name,
      folder: join(folder, name),
      configFile: join(folder, name, 'config.toml'),
      tokenFile: join(folder, name, 'api-token'),
    },
    ...{ signer: signers[i]!, lei: leiOf(i), party: toHex(labelKey(genesis.value.network, 'lei', leiOf(i))) },
  }));
  const home = (name: string): Home => homes.find((entry) => entry.name === name)!;
  return {
    folder,
    genesis: genesis.value,
    genesisFile,
    homes,
    home,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export async function startHome(home: Home, known: readonly RunningNode[] = []): Promise<RunningNode> {
  const node = await startNode(await readNodeConfig(home.configFile), passphrase);
  for (const other of known) node.network.addPeer({ key: other.key, multiaddr: other.network.address[0]! });
  return node;
}

/** Starts every home, each knowing those before it, and waits until all are connected and a checkpoint is certified. */
export async function startAll(network: LocalNetwork): Promise<Map<string, RunningNode>> {
  const nodes: RunningNode[] = [];
  for (const home of network.homes) nodes.push(await startHome(home, nodes));
  await until('all nodes are connected', () =>
    nodes.every((node) => node.network.peers.length === nodes.length - 1),
  );
  await until('a checkpoint is certified', () => nodes.every((node) => node.services.head.height > 0));
  return new Map(network.homes.map(({ name }, i) => [name, nodes[i]!]));
}

export async function until(
  what: string,
  done: () => boolean | Promise<boolean>,
  withinMs = 120_000,
): Promise<void> {
  const endMs = Date.now() + withinMs;
  while (!(await done())) {
    if (Date.now() > endMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** A stakeholder's back office: JSON over HTTP. */
export class Api {
  readonly url: string;
  readonly #token: string | undefined;

  constructor(url: string, token?: string) {
    this.url = url;
    this.#token = token;
  }

  async request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const all: Record<string, string> = { ...headers };
    if (this.#token !== undefined) all['authorization'] = `Bearer ${this.#token}`;
    if (body !== undefined) all['content-type'] = 'application/json';
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return fetch(`${this.url}${path}`, {
      method,
      headers: all,
      ...(body === undefined ? {} : { body: text }),
    });
  }

  /** The answer's JSON; an error is thrown with its problem. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what it got.
  async json(method: string, path: string, body?: unknown): Promise<any> {
    const response = await this.request(method, path, body);
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what it got.
  get(path: string): Promise<any> {
    return this.json('GET', path);
  }

  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what it got.
  post(path: string, body: unknown): Promise<any> {
    return this.json('POST', path, body);
  }

  async bytes(path: string): Promise<Uint8Array> {
    const response = await this.request('GET', path);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  /** Status, media type and problem of a request that is refused. */
  async refused(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await this.request(method, path, body, headers);
    const problem = (await response.json()) as {
      code?: string;
      detail?: string;
      facts?: Record<string, unknown>;
      remedy?: string;
      title: string;
    };
    return { ...problem, status: response.status, media: response.headers.get('content-type') ?? '' };
  }
}

export const apiOf = (node: RunningNode): Api => new Api(node.api.url, node.api.token);

export interface Acted {
  readonly callId: string;
  readonly vertex: string;
  readonly call: string;
  readonly outcome: {
    readonly code: string;
    readonly conflict: string;
    readonly height: number;
    readonly time: number;
  };
  readonly latencyMs: number;
}

/** Composes at the first signer's node, signs at each, submits at the first, and waits for the outcome. */
export async function act(
  signers: readonly Api[],
  transition: string,
  args: object,
  alsoSign: (call: string) => string = (call) => call,
): Promise<Acted> {
  const composed = await signers[0]!.post('/v1/calls', { transition, args });
  let { call } = composed;
  for (const signer of signers) ({ call } = await signer.post('/v1/calls/sign', { call }));
  call = alsoSign(call);
  const submitted = await signers[0]!.post('/v1/calls/submit?wait=60000', { call });
  return { ...submitted, call };
}
