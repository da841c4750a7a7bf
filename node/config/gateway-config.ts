/** Configuration of a gateway: one TOML file with every default written in it. */

import { z } from 'zod';
import { limits } from '../../consensus/codec/limits.ts';
import { parseDecimal } from '../../consensus/vertex/decimal.ts';
import { type QuantityName, quantityNames } from '../../consensus/vertex/quantities.ts';
import { type PeerEntry, peerEntry, port, readToml, resolveFrom } from './toml.ts';

const idHex = z.string().regex(/^[0-9a-f]{64}$/, 'expected an id: 64 hexadecimal digits');
/** Minor units; so bounded that no value of a quantity makes it more than an exact integer. */
const price = z.int().min(1).max(1_000_000);

const payment = z
  .strictObject({
    rule: z.string().regex(/^[\x20-\x7e]{1,64}$/, 'expected a name of printable characters, 64 at most'),
    device: z.string().min(1).max(64),
    key_file: z.string().min(1),
    quantity: z.enum(quantityNames as [QuantityName, ...QuantityName[]]),
    over: z
      .union([z.string(), z.number()])
      .transform(String)
      .refine((text) => parseDecimal(text) !== undefined, 'expected a decimal number'),
    mandate: idHex,
    means: idHex,
    payee: z
      .string()
      .regex(/^(lei:[0-9A-Z]{18}\d\d|[0-9a-f]{64})$/, 'expected a party: lei: and its LEI, or its id'),
    content: z.string().regex(/^[\x20-\x7e]{1,40}$/, 'expected printable characters, 40 at most'),
    amount: z.int().min(1).optional(),
    per_unit: price.optional(),
  })
  .refine(({ amount, per_unit }) => (amount === undefined) !== (per_unit === undefined), {
    path: ['amount'],
    message: 'expected either amount or per_unit',
  })
  .refine(({ quantity, per_unit }) => per_unit === undefined || quantity !== 'energy', {
    path: ['per_unit'],
    message: 'energy is what a meter has counted in all: each reading would pay for all of it again',
  });

const schema = z.strictObject({
  gateway: z.strictObject({
    name: z.string().min(1).max(64),
    key_file: z.string().default('key.age'),
    genesis_file: z.string().default('genesis.json'),
    data_dir: z.string().default('data'),
    resume_chain: z.boolean().default(false),
  }),
  ledger: z.strictObject({ nodes: z.array(peerEntry).min(1, 'expected at least one node to follow') }),
  mqtt: z.strictObject({
    url: z.string().regex(/^(mqtt|mqtts|ws|wss):\/\//, 'expected a broker such as mqtt://127.0.0.1:1883'),
    protocol_version: z.union([z.literal(4), z.literal(5)]).default(4),
    client_id: z.string().max(64).default(''),
    username: z.string().default(''),
    password_file: z.string().default(''),
    topics: z.array(z.string().min(1)).min(1).default(['tally/+/senml']),
  }),
  batch: z
    .strictObject({
      frames_max: z.int().min(1).max(limits.framesPerBatchMax).default(limits.framesPerBatchMax),
      interval_ms: z.int().min(10).max(60_000).default(250),
    })
    .prefault({}),
  outbox: z
    .strictObject({
      /** Frames that may wait for the ledger; beyond it MQTT messages are not acknowledged. */
      frames_max: z.int().min(1_000).default(1_000_000),
      /** Final batches kept with their proofs, to serve bundles. */
      kept_batches_max: z.int().min(0).default(10_000),
    })
    .prefault({}),
  api: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: port.default(8101),
      token_file: z.string().default('api-token'),
    })
    .prefault({}),
  watch: z
    .array(
      z.strictObject({
        goods: z
          .string()
          .regex(
            /^(sscc|lot|giai):[\x20-\x7e]{1,80}$/,
            'expected goods by label, such as sscc:340123450000000017',
          ),
        devices: z.array(z.string().min(1).max(64)).min(1),
      }),
    )
    .default([]),
  payment: z
    .array(payment)
    .refine((rules) => new Set(rules.map(({ rule }) => rule)).size === rules.length, 'two rules of one name')
    .default([]),
  log: z
    .strictObject({ level: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info') })
    .prefault({}),
});

export interface WatchEntry {
  /** `sscc:`, `lot:` or `giai:` and the label. */
  readonly goods: string;
  readonly devices: readonly string[];
}

/** What a reading of the device makes it pay (docs/guides/gateway.md). */
export interface PaymentEntry {
  readonly rule: string;
  readonly device: string;
  readonly keyFile: string;
  readonly quantity: QuantityName;
  /** A decimal. */
  readonly over: string;
  readonly mandate: string;
  readonly means: string;
  /** `lei:` and the LEI, or the id. */
  readonly payee: string;
  readonly content: string;
  readonly price: { readonly type: 'each' | 'per-unit'; readonly amount: number };
}

export interface GatewayConfig {
  readonly name: string;
  readonly keyFile: string;
  readonly genesisFile: string;
  readonly dataDir: string;
  /** Go on from the ledger's own record of the chain when the outbox was lost. */
  readonly resumeChain: boolean;
  readonly nodes: readonly PeerEntry[];
  readonly mqtt: {
    readonly url: string;
    readonly protocolVersion: 4 | 5;
    readonly clientId: string;
    readonly username: string | undefined;
    readonly passwordFile: string | undefined;
    readonly topics: readonly string[];
  };
  readonly batch: { readonly framesMax: number; readonly intervalMs: number };
  readonly outbox: { readonly framesMax: number; readonly keptBatchesMax: number };
  readonly api: { readonly host: string; readonly port: number; readonly tokenFile: string };
  /** Goods whose pledges' trigger rules are asked of what these devices say, before it is final. */
  readonly watches: readonly WatchEntry[];
  /** Readings that make a thing pay by itself. */
  readonly payments: readonly PaymentEntry[];
  readonly logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug';
}

export async function readGatewayConfig(file: string): Promise<GatewayConfig> {
  const { gateway, ledger, mqtt, batch, outbox, api, watch, payment, log } = await readToml(file, schema);
  return {
    name: gateway.name,
    keyFile: resolveFrom(file, gateway.key_file),
    genesisFile: resolveFrom(file, gateway.genesis_file),
    dataDir: resolveFrom(file, gateway.data_dir),
    resumeChain: gateway.resume_chain,
    nodes: ledger.nodes,
    mqtt: {
      url: mqtt.url,
      protocolVersion: mqtt.protocol_version,
      clientId: mqtt.client_id === '' ? `tally-${gateway.name}` : mqtt.client_id,
      username: mqtt.username === '' ? undefined : mqtt.username,
      passwordFile: mqtt.password_file === '' ? undefined : resolveFrom(file, mqtt.password_file),
      topics: mqtt.topics,
    },
    batch: { framesMax: batch.frames_max, intervalMs: batch.interval_ms },
    outbox: { framesMax: outbox.frames_max, keptBatchesMax: outbox.kept_batches_max },
    api: { host: api.host, port: api.port, tokenFile: resolveFrom(file, api.token_file) },
    watches: watch,
    payments: payment.map(({ key_file, amount, per_unit, ...rest }) => ({
      ...rest,
      keyFile: resolveFrom(file, key_file),
      price: amount === undefined ? { type: 'per-unit', amount: per_unit! } : { type: 'each', amount },
    })),
    logLevel: log.level,
  };
}

/** A gateway's file: every field with its default, and what it is for. */
export function gatewayConfigToml(values: {
  readonly name: string;
  readonly nodes: readonly PeerEntry[];
  readonly mqttUrl: string;
  readonly protocolVersion?: 4 | 5;
  readonly genesisFile?: string;
  readonly apiPort?: number;
  readonly logLevel?: GatewayConfig['logLevel'];
}): string {
  const {
    name,
    nodes,
    mqttUrl,
    protocolVersion = 4,
    genesisFile = 'genesis.json',
    apiPort = 8101,
    logLevel = 'info',
  } = values;
  const nodeLines = nodes
    .map(({ key, address }) => `  { key = "${key}", address = "${address}" },\n`)
    .join('');
  return `# A Tallystick gateway. Paths are relative to this file; ports may be 0 for any free one.

[gateway]
name = ${JSON.stringify(name)}
# The gateway's key, encrypted with a passphrase (the standard age tool reads it).
key_file = "key.age"
genesis_file = ${JSON.stringify(genesisFile)}
data_dir = "data"
# After a lost data directory: go on from the ledger's own record of this gateway's chain.
resume_chain = false

[ledger]
# Full nodes to follow, best of two different organisations: public key and address.
nodes = [
${nodeLines}]

[mqtt]
url = ${JSON.stringify(mqttUrl)}
# 4 is MQTT 3.1.1, 5 is MQTT 5.
protocol_version = ${protocolVersion}
# Empty: tally- and the gateway's name.
client_id = ""
username = ""
password_file = ""
topics = ["tally/+/senml"]

[batch]
# A batch is closed when it is full or this old.
frames_max = 256
interval_ms = 250

[outbox]
# Frames that may wait for the ledger; beyond it MQTT messages stay unacknowledged.
frames_max = 1000000
# Final batches kept with their proofs, to serve bundles.
kept_batches_max = 10000

[api]
host = "127.0.0.1"
port = ${apiPort}
token_file = "api-token"

# Early warning: ask the trigger rules of the pledges on these goods of what these devices say, before it is final.
# [[watch]]
# goods = "sscc:340123450000000017"
# devices = ["scale-1", "climate-7"]

# A thing that pays by itself: for each reading of this quantity above this value, once. docs/guides/gateway.md.
# [[payment]]
# rule = "toll"
# device = "truck-12"
# key_file = "truck-12.age"
# quantity = "pulses"
# over = 0
# mandate = "<id of the mandate>"
# means = "<id of the thing's account>"
# payee = "lei:5493000000000000R125"
# content = "toll"
# amount = 2300

[log]
# silent, error, warn, info or debug
level = "${logLevel}"
`;
}
