/**
 * What stands in a configuration file, of a node and of a gateway: each field's type, default and meaning, once. The
 * reader checks against it, the file with all defaults is written from it, and its comments are the meanings here.
 */

import { multiaddr } from '@multiformats/multiaddr';
import { z } from 'zod';

const text = (meaning: string) => z.string().min(1).describe(meaning);
/** Taken relative to the file that names it. */
export const PATH = 'path';
const path = (meaning: string) => z.string().min(1).meta({ description: meaning, format: PATH });

const key = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'expected a public key of 64 hexadecimal characters, in lower case');
const address = z.string().refine(isTcpAddress, 'expected a multiaddr such as /ip4/192.0.2.1/tcp/7400');
const nodes = (meaning: string) => z.array(z.strictObject({ key, address })).describe(meaning);

const port = (standard: number, meaning: string) =>
  z.int().min(0).max(65_535).default(standard).describe(meaning);
const host = z.string().min(1).default('127.0.0.1').describe('Only this machine reaches it at 127.0.0.1.');

const api = (standard: number) =>
  z.strictObject({
    host,
    port: port(standard, 'HTTP API and documentation; 0 takes any free port, see --port-file.'),
    token_file: path('Bearer token for requests that change anything; made when it is not there.').default(
      'api.token',
    ),
  });
const metrics = (standard: number) =>
  z.strictObject({ host, port: port(standard, 'Prometheus metrics at /metrics; 0 takes any free port.') });
const log = z.strictObject({
  level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('trace, debug, info, warn, error, fatal or silent.'),
});

const files = {
  key_file: path('Secret key, encrypted with a passphrase (age).').default('node.key'),
  genesis_file: path('Genesis of the network, as every member has it.').default('genesis.json'),
  data_dir: path('Everything that is stored.').default('data'),
};

export const nodeSchema = z.strictObject({
  node: z.strictObject({
    name: text('For people: in logs and on the API.'),
    role: text('For people: bank, warehouse, monitor …').optional(),
    ...files,
  }),
  network: z
    .strictObject({
      listen: z
        .array(address)
        .min(1)
        .default(['/ip4/127.0.0.1/tcp/7400'])
        .describe('Where other nodes and gateways connect; /tcp/0 takes any free port.'),
      peers: nodes('Nodes to stay connected to, each with its public key.').default([]),
    })
    .prefault({}),
  api: api(7480).prefault({}),
  metrics: metrics(7490).prefault({}),
  light: z
    .strictObject({ serve: z.boolean().default(true).describe('Answer gateways and other light clients.') })
    .prefault({}),
  log: log.prefault({}),
});

export const gatewaySchema = z.strictObject({
  gateway: z.strictObject({
    name: text('For people: in logs and on the API.'),
    ...files,
    key_file: files.key_file.removeDefault().default('gateway.key'),
  }),
  ledger: z.strictObject({
    nodes: nodes(
      'Nodes of different organisations, the preferred first: two are asked, and held against each other.',
    ).min(1),
  }),
  mqtt: z
    .strictObject({
      url: z
        .string()
        .regex(/^(mqtts?|wss?|tcp|ssl):\/\/./, 'expected a URL such as mqtt://127.0.0.1:1883')
        .default('mqtt://127.0.0.1:1883')
        .describe('Broker to which the devices publish.'),
      protocol_version: z
        .union([z.literal(4), z.literal(5)])
        .default(5)
        .describe('5, or 4 for MQTT 3.1.1.'),
      username: text('Of this gateway at the broker.').optional(),
      password_file: path('Password of that user, in the first line.').optional(),
      topics: z
        .array(z.string().min(1))
        .min(1)
        .default(['sensors/#'])
        .describe('Topics that carry readings.'),
    })
    .prefault({}),
  batch: z
    .strictObject({
      frames_max: z.int().min(1).max(256).default(256).describe('Frames in one vertex, at most.'),
      interval_ms: z
        .int()
        .min(1)
        .max(3_600_000)
        .default(250)
        .describe('A frame waits no longer than this, in ms.'),
    })
    .prefault({}),
  api: api(7580).prefault({}),
  metrics: metrics(7590).prefault({}),
  log: log.prefault({}),
});

function isTcpAddress(value: string): boolean {
  try {
    return multiaddr(value)
      .getComponents()
      .some(({ name }) => name === 'tcp');
  } catch {
    return false;
  }
}
