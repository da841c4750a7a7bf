/**
 * A real ledger for tests of the gateway: full nodes in this process, over real libp2p, real level and real HTTP; and
 * gateways in this process or in one of their own, to be killed.
 */

import '../../node/polyfill.ts';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  checkGenesis,
  defaultCommitteeRules,
  defaultPace,
  type Genesis,
  genesisSchema,
  type Pace,
} from '../../consensus/checkpoint/genesis.ts';
import { asciiBytes, toHex } from '../../consensus/codec/bytes.ts';
import { defaultPolicy } from '../../consensus/contracts/policy.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import type { Transition } from '../../consensus/contracts/transition.ts';
import { enrolDevice, enrolKey } from '../../consensus/contracts/transitions/enrol.ts';
import { revokeKey } from '../../consensus/contracts/transitions/revoke.ts';
import { type Signer, SUITE } from '../../consensus/crypto/ed25519.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { callId, composeCall, signCall, signedCall } from '../../consensus/vertex/call.ts';
import { decimalOf } from '../../consensus/vertex/decimal.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import type { SensorFunction } from '../../consensus/vertex/quantities.ts';
import { freePorts } from '../../node/config/free-ports.ts';
import type { GatewayConfig } from '../../node/config/gateway-config.ts';
import type { NodeConfig } from '../../node/config/node-config.ts';
import { installNativePrimitives, nativeSigner, randomPort } from '../../node/crypto/native.ts';
import { createKeyFile } from '../../node/keys/key-file.ts';
import { makeLog, type RunningNode, startNode } from '../../node/node.ts';
import { Outbox, outboxLimits } from '../outbox/outbox.ts';
import { framesIn } from '../outbox/vertices.ts';

installNativePrimitives();

const HOST = '127.0.0.1';
export const PASSPHRASE = 'of the tests';
const WORK_FACTOR = 8;

/** LEIs with right check digits, of nobody. */
const parties = [
  { name: 'Bank A', lei: '5493000000000000A196', role: 'bank' },
  { name: 'Monitor A', lei: '5493000000000000M127', role: 'monitor' },
  { name: 'Bank B', lei: '5493000000000000B166', role: 'bank' },
  { name: 'Monitor B', lei: '5493000000000000M224', role: 'monitor' },
] as const;
/** Place of the monitor that owns gateways and sensors. */
export const MONITOR = 1;

export const seedNamed = (name: string): Uint8Array => hash('label', asciiBytes(name));
export const signerNamed = (name: string): Signer => nativeSigner(seedNamed(name));

export class LedgerWorld {
  readonly folder: string;
  readonly genesis: Genesis;
  readonly genesisFile: string;
  readonly nodes: (RunningNode | undefined)[];
  readonly #configs: readonly NodeConfig[];

  private constructor(folder: string, genesis: Genesis, genesisFile: string, configs: readonly NodeConfig[]) {
    this.folder = folder;
    this.genesis = genesis;
    this.genesisFile = genesisFile;
    this.#configs = configs;
    this.nodes = configs.map(() => undefined);
  }

  static async start(folder: string, pace: Partial<Pace> = {}): Promise<LedgerWorld> {
    const signers = parties.map(({ name }) => signerNamed(name));
    const record = {
      ...{
        suite: SUITE,
        name: 'gateway tests',
        time: Date.now(),
        policy: defaultPolicy,
        pace: { ...defaultPace, ...pace },
      },
      seats: signers.map((signer) => signer.publicKey),
      committee: defaultCommitteeRules,
      parties: parties.map(({ name, lei, role }, i) => ({
        lei,
        name,
        address: '',
        roles: [role],
        keys: [signers[i]!.publicKey],
      })),
    };
    const genesis = checkGenesis(record);
    if (!genesis.ok) throw new Error(JSON.stringify(genesis));
    const genesisFile = join(folder, 'genesis.json');
    await writeFile(genesisFile, JSON.stringify(genesisSchema.toJson(record)));
    const ports = await freePorts(parties.length);
    const peers = signers.map((signer, i) => ({
      key: toHex(signer.publicKey),
      address: `/ip4/${HOST}/tcp/${ports[i]}`,
    }));
    const configs = await Promise.all(
      parties.map(async ({ name }, i): Promise<NodeConfig> => {
        const home = join(folder, `node-${i}`);
        await mkdir(home, { recursive: true });
        await createKeyFile(join(home, 'key.age'), PASSPHRASE, {
          workFactor: WORK_FACTOR,
          seed: seedNamed(name),
        });
        return {
          ...{
            name,
            keyFile: join(home, 'key.age'),
            messageKeyFile: join(home, 'messages.age'),
            genesisFile,
            dataDir: join(home, 'data'),
            store: {
              profile: 'archive',
              joinBy: 'replay',
              ...{ readingsDays: undefined, batchesOf: undefined, diskBytesMax: undefined },
            },
            authorPerS: 500,
            doesDuties: false,
            answersRequests: false,
            serveLight: true,
          },
          ...{
            logLevel: 'silent',
            listen: [peers[i]!.address],
            peers: peers.filter((_, other) => other !== i),
          },
          ...{
            api: { host: HOST, port: 0, tokenFile: join(home, 'api-token') },
            metrics: { host: HOST, port: 0 },
          },
        };
      }),
    );
    const world = new LedgerWorld(folder, genesis.value, genesisFile, configs);
    await Promise.all(configs.map((_, i) => world.up(i)));
    return world;
  }

  async up(i: number): Promise<void> {
    this.nodes[i] = await startNode(
      this.#configs[i]!,
      PASSPHRASE,
      makeLog({ name: parties[i]!.name, logLevel: 'silent' }),
      { firstStart: true },
    );
  }

  async down(i: number): Promise<void> {
    const node = this.nodes[i];
    this.nodes[i] = undefined;
    await node?.stop();
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((_, i) => this.down(i)));
  }

  peer(i: number): { readonly key: string; readonly address: string } {
    return { key: toHex(signerNamed(parties[i]!.name).publicKey), address: this.#configs[i]!.listen[0]! };
  }

  async enrolGateway(gateway: Signer): Promise<void> {
    const monitor = this.party(MONITOR);
    const args = { party: monitor, key: gateway.publicKey, kind: 'gateway', monitor } as const;
    await this.call(enrolKey, { ...args, replaces: undefined }, [this.signer(MONITOR), gateway]);
  }

  async enrolDevice(
    identifier: string,
    key: Uint8Array = new Uint8Array(0),
    functions: readonly SensorFunction[] = ['climate'],
  ): Promise<void> {
    const monitor = this.party(MONITOR);
    const args = { owner: monitor, monitor, key, replaces: false, validUntil: undefined };
    await this.call(enrolDevice, { ...args, identifier, functions }, [this.signer(MONITOR)]);
  }

  async revokeGateway(gateway: Signer): Promise<void> {
    await this.call(revokeKey, { key: gateway.publicKey }, [this.signer(MONITOR)]);
  }

  signer(i: number): Signer {
    return signerNamed(parties[i]!.name);
  }

  lei(i: number): string {
    return parties[i]!.lei;
  }

  party(i: number): Uint8Array {
    return labelKey(this.genesis.network, 'lei', parties[i]!.lei);
  }

  /** A call that must take effect, and its id. */
  async call<A>(transition: Transition<A>, args: A, signers: readonly Signer[]): Promise<Uint8Array> {
    const random = randomPort();
    const unsigned = composeCall({
      ...{
        network: this.genesis.network,
        transition: transition.name,
        nonce: random.bytes(16),
        deadline: Date.now() + 600_000,
      },
      ...{ values: transition.args.encodeParts(args), salts: [random.bytes(32), random.bytes(32)] },
    });
    const signatures = signers.map((signer) => signCall(unsigned, signer));
    signatures.sort((a, b) => (toHex(a.key) < toHex(b.key) ? -1 : 1));
    const { url, token } = this.nodes[MONITOR]!.api;
    const response = await fetch(`${url}/v1/calls/submit?wait=60000`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ call: toHex(signedCall.encode({ ...unsigned, signatures })) }),
    });
    const answer = (await response.json()) as { outcome?: { code: string } | null };
    if (answer.outcome?.code !== 'OK') throw new Error(`${transition.name}: ${JSON.stringify(answer)}`);
    return callId(unsigned.header);
  }

  /** An object as a party's node shows it. */
  async object(i: number, type: string, id: Uint8Array): Promise<{ readonly [field: string]: unknown }> {
    const { url, token } = this.nodes[i]!.api;
    const response = await fetch(`${url}/v1/objects/${type}/${toHex(id)}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return ((await response.json()) as { value: { [field: string]: unknown } }).value;
  }
}

export async function gatewayConfig(
  world: LedgerWorld,
  name: string,
  mqttUrl: string,
  changes: Partial<Omit<GatewayConfig, 'mqtt'>> & {
    readonly protocolVersion?: 4 | 5;
    readonly nodes?: GatewayConfig['nodes'];
  } = {},
): Promise<GatewayConfig> {
  const { protocolVersion = 4, ...rest } = changes;
  const home = join(world.folder, name);
  await mkdir(home, { recursive: true });
  const keyFile = join(home, 'key.age');
  if (!existsSync(keyFile)) {
    await createKeyFile(keyFile, PASSPHRASE, { workFactor: WORK_FACTOR, seed: seedNamed(name) });
  }
  return {
    ...{
      name,
      keyFile,
      genesisFile: world.genesisFile,
      dataDir: join(home, 'data'),
      resumeChain: false,
    },
    nodes: [world.peer(MONITOR), world.peer(0)],
    mqtt: {
      url: mqttUrl,
      protocolVersion,
      clientId: `tally-${name}`,
      username: undefined,
      passwordFile: undefined,
      topics: ['tally/+/senml'],
    },
    batch: { framesMax: 256, intervalMs: 100 },
    outbox: { framesMax: 100_000, keptBatchesMax: 1_000 },
    watches: [],
    payments: [],
    ...{ api: { host: HOST, port: 0, tokenFile: join(home, 'api-token') }, logLevel: logLevel() },
    ...rest,
  };
}

/** Every frame that the ledger has of a gateway, from the node that it sent them to. */
export async function ledgersFrames(
  world: LedgerWorld,
  outboxFolder: string,
  name: string,
): Promise<string[]> {
  const outbox = await Outbox.open(
    outboxFolder,
    { network: world.genesis.network, author: signerNamed(name).publicKey },
    outboxLimits,
  );
  const names: string[] = [];
  const { from, to } = outbox.readable;
  if (from !== 1) throw new Error('not all of them are kept');
  for (let sequence = from; sequence <= to; sequence++) {
    const { vertex, settled } = outbox.read(sequence)!;
    if (settled === undefined) throw new Error(`vertex ${sequence} is not final`);
    const { url, token } = world.nodes[MONITOR]!.api;
    const response = await fetch(`${url}/v1/vertices/${vertex.key}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { outcome } = (await response.json()) as { outcome: { code: string } | null };
    if (outcome?.code !== 'OK')
      throw new Error(`vertex ${sequence} on the ledger: ${JSON.stringify(outcome)}`);
    for (const { device, counter } of framesIn(vertex)) names.push(`${device}/${counter}`);
  }
  await outbox.close();
  return names;
}

/** Silent, unless somebody looks for a fault. */
const logLevel = (): GatewayConfig['logLevel'] =>
  (process.env['GATEWAY_LOG'] as GatewayConfig['logLevel'] | undefined) ?? 'silent';

export async function until(
  what: string,
  done: () => Promise<boolean> | boolean,
  withinMs = 120_000,
): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await done())) {
    if (performance.now() > endMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(25);
  }
}

/** A frame of an unsigned sensor in a cool room, one a second since yesterday. */
export function coolFrame(device: string, counter: number): Frame {
  const readings = [{ quantity: 'temperature' as const, value: decimalOf(4 + (counter % 40) / 10)! }];
  return {
    device,
    session: '',
    counter,
    time: Date.now() - 86_400_000 + 1_000 * counter,
    readings,
    signature: new Uint8Array(0),
  };
}
