/** Configuration of a full node: one TOML file with every default written in it. */

import { z } from 'zod';
import { labelChecks } from '../../consensus/contracts/identifiers.ts';
import { DISK_MIB_MIN } from '../level/disk-plan.ts';
import { RATE_PER_S } from '../replica/allowance.ts';
import { multiaddrText, type PeerEntry, peerEntry, port, readToml, resolveFrom } from './toml.ts';

/** Where a node's store lies, beside its configuration. */
export const DATA_DIR = 'data';

export const profiles = ['archive', 'full', 'small'] as const;
export type Profile = (typeof profiles)[number];
const READINGS_DAYS = 30;

const storeSchema = z
  .strictObject({
    profile: z.enum(profiles).default('archive'),
    readings_days: z
      .int()
      .min(1, 'expected days, 1 or more; profile = "archive" keeps batches for ever')
      .max(36_500)
      .optional(),
    batches_of: z.array(z.string()).optional(),
    join: z.enum(['replay', 'snapshot']).default('replay'),
    disk_mb: z.int().min(DISK_MIB_MIN, `expected ${DISK_MIB_MIN} MiB or more`).optional(),
  })
  .superRefine(({ profile, readings_days, batches_of }, context) => {
    const refuse = (path: (string | number)[], message: string, input: unknown): void =>
      void context.addIssue({ code: 'custom', path, message, input });
    if (profile === 'archive' && readings_days !== undefined)
      refuse(
        ['readings_days'],
        'expected only in profile "full" or "small", since "archive" keeps all batches',
        readings_days,
      );
    if (profile !== 'small' && batches_of !== undefined)
      refuse(
        ['batches_of'],
        `expected only in profile "small", since "${profile}" takes everybody’s batches`,
        batches_of,
      );
    for (const [place, name] of (batches_of ?? []).entries()) {
      const defect = /^lei:/.test(name) ? labelChecks.lei(name.slice(4)) : 'no scheme';
      if (defect !== undefined)
        refuse(
          ['batches_of', place],
          `expected a party such as "lei:5493000000000000M127" (${defect})`,
          name,
        );
    }
  });

const schema = z.strictObject({
  node: z.strictObject({
    name: z.string().min(1).max(64),
    key_file: z.string().default('key.age'),
    message_key_file: z.string().default('messages.age'),
    genesis_file: z.string().default('genesis.json'),
    data_dir: z.string().default(DATA_DIR),
  }),
  network: z
    .strictObject({
      listen: z.array(multiaddrText).default(['/ip4/127.0.0.1/tcp/4001']),
      peers: z.array(peerEntry).default([]),
    })
    .prefault({}),
  api: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: port.default(8001),
      token_file: z.string().default('api-token'),
    })
    .prefault({}),
  metrics: z.strictObject({ host: z.string().default('127.0.0.1'), port: port.default(9001) }).prefault({}),
  store: storeSchema.prefault({}),
  limits: z.strictObject({ author_per_s: z.int().min(1).max(100_000).default(RATE_PER_S) }).prefault({}),
  duties: z
    .strictObject({ submit: z.boolean().default(false), answer: z.boolean().default(false) })
    .prefault({}),
  light: z.strictObject({ serve: z.boolean().default(true) }).prefault({}),
  log: z
    .strictObject({ level: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info') })
    .prefault({}),
});

export interface NodeConfig {
  readonly name: string;
  readonly keyFile: string;
  /** Secrets to which messages to this bank are sealed; made when the first key is stated. */
  readonly messageKeyFile: string;
  readonly genesisFile: string;
  readonly dataDir: string;
  readonly listen: readonly string[];
  readonly peers: readonly PeerEntry[];
  readonly api: { readonly host: string; readonly port: number; readonly tokenFile: string };
  readonly metrics: { readonly host: string; readonly port: number };
  /** What is kept of batches of readings, and how much disk the store may take `[STO-3]`. */
  readonly store: {
    readonly profile: Profile;
    /** How long batches are kept; for ever where it is left out. */
    readonly readingsDays: number | undefined;
    /** LEIs of the parties whose batches are taken beside the own party's; everybody's where it is left out. */
    readonly batchesOf: readonly string[] | undefined;
    readonly diskBytesMax: number | undefined;
    /** How it joins a network that it has nothing of `[STO-2]`. */
    readonly joinBy: 'replay' | 'snapshot';
  };
  /** Vertices a second that an author is allowed `[ADM-2]`. */
  readonly authorPerS: number;
  /** Whether it submits what falls due by itself, when it has a seat (docs/spec/duties.md). */
  readonly doesDuties: boolean;
  /** Whether a monitor's node answers requests for a status by itself. */
  readonly answersRequests: boolean;
  /** Whether light clients may connect. */
  readonly serveLight: boolean;
  readonly logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug';
}

export async function readNodeConfig(file: string): Promise<NodeConfig> {
  const { node, network, api, metrics, store, limits, duties, light, log } = await readToml(file, schema);
  return {
    name: node.name,
    keyFile: resolveFrom(file, node.key_file),
    messageKeyFile: resolveFrom(file, node.message_key_file),
    genesisFile: resolveFrom(file, node.genesis_file),
    dataDir: resolveFrom(file, node.data_dir),
    listen: network.listen,
    peers: network.peers,
    api: { host: api.host, port: api.port, tokenFile: resolveFrom(file, api.token_file) },
    metrics,
    store: {
      profile: store.profile,
      readingsDays: store.profile === 'archive' ? undefined : (store.readings_days ?? READINGS_DAYS),
      batchesOf:
        store.profile === 'small'
          ? (store.batches_of ?? []).map((name) => name.slice('lei:'.length))
          : undefined,
      joinBy: store.join,
      diskBytesMax: store.disk_mb === undefined ? undefined : store.disk_mb * 2 ** 20,
    },
    authorPerS: limits.author_per_s,
    doesDuties: duties.submit,
    answersRequests: duties.answer,
    serveLight: light.serve,
    logLevel: log.level,
  };
}

/** The file that `tally init` writes: every field with its default, and what it is for. */
export function nodeConfigToml(values: {
  readonly name: string;
  readonly genesisFile?: string;
  readonly listen?: string;
  readonly peers?: readonly PeerEntry[];
  readonly apiPort?: number;
  readonly metricsPort?: number;
  readonly joinBy?: NodeConfig['store']['joinBy'];
  readonly authorPerS?: number;
  readonly doesDuties?: boolean;
  readonly answersRequests?: boolean;
  readonly logLevel?: NodeConfig['logLevel'];
}): string {
  const {
    name,
    genesisFile = 'genesis.json',
    listen = '/ip4/127.0.0.1/tcp/4001',
    peers = [],
    apiPort = 8001,
    metricsPort = 9001,
    joinBy = 'replay',
    authorPerS = RATE_PER_S,
    doesDuties = false,
    answersRequests = false,
    logLevel = 'info',
  } = values;
  const peerLines = peers
    .map(({ key, address }) => `  { key = "${key}", address = "${address}" },\n`)
    .join('');
  return `# A Tallystick full node. Paths are relative to this file; ports may be 0 for any free one.

[node]
name = ${JSON.stringify(name)}
# The stakeholder's key, encrypted with a passphrase (the standard age tool reads it).
key_file = "key.age"
# The keys to which messages to this bank are sealed, under the same passphrase; "tally message key" makes them.
message_key_file = "messages.age"
# The network's genesis; its hash is the network's id.
genesis_file = ${JSON.stringify(genesisFile)}
# The store. Beside it lies ${DATA_DIR}.votes, the stamp of the vote log: never copy that one, nor put it back.
data_dir = "${DATA_DIR}"

[network]
listen = ["${listen}"]
# Nodes to connect to, each { key = "<its public key>", address = "/ip4/10.0.0.5/tcp/4001" }, with a comma after each.
peers = [
${peerLines}]

[api]
# Loopback by default: whoever holds the token signs with this node's key.
host = "127.0.0.1"
port = ${apiPort}
token_file = "api-token"

[metrics]
host = "127.0.0.1"
port = ${metricsPort}

[store]
# Headers, state, vertices and whatever proves them are kept in any case, and so are batches of readings that a contract cites.
# archive: all batches that gateways give this node, for ever; full: the same, for readings_days; small: for readings_days those of
# gateways of its own party and of the parties in batches_of, and no others.
profile = "archive"
# readings_days = ${READINGS_DAYS}
# batches_of = ["lei:5493000000000000M127"]
# The most that the store's folder may take, MiB, at least ${DISK_MIB_MIN}; without it, whatever it takes. When it runs short, full and small
# let batches go ahead of their days; then no batches are taken (E_DISK); and before it would be passed the node stops, exit code 78.
# disk_mb = 20480
# How a node that has nothing yet joins a network that is far ahead: "replay" executes all of the ledger and can afterwards
# prove all of it; "snapshot" takes the certified state, checks it, and knows only the last checkpoints before it.
join = "${joinBy}"

[limits]
# Vertices a second that this node takes of one author; twice as many may come at once, and what is more waits. A tenth of
# what the slowest node can take (tally bench node) leaves honest authors room when somebody floods.
author_per_s = ${authorPerS}

[duties]
# A node with a seat submits what falls due and nobody has to sign: exchanges with both legs locked, sales that have closed,
# grants whose time is over. The seats take turns.
submit = ${doesDuties}
# A monitor's node answers a bank's request for a status by itself: with the newest readings of the devices that proved the
# goods, signed with this node's key. Off: its operator answers, by supply-status.
answer = ${answersRequests}

[light]
# Serve light clients: take their vertices, give them proofs.
serve = true

[log]
# silent, error, warn, info or debug
level = "${logLevel}"
`;
}
