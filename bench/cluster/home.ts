/** Writes a throw-away network of n validators: keys, configurations and the genesis that enrols lanes and authors. */

import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Genesis, genesisSchema } from '../../consensus/checkpoint/genesis.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { freePorts } from '../../node/config/free-ports.ts';
import { DATA_DIR, type NodeConfig, nodeConfigToml } from '../../node/config/node-config.ts';
import type { PeerEntry } from '../../node/config/toml.ts';
import { nativeSigner } from '../../node/crypto/native.ts';
import { createKeyFile } from '../../node/keys/key-file.ts';
import { makeFirstStamp } from '../../node/level/stamp.ts';
import { RATE_PER_S } from '../../node/replica/allowance.ts';
import { authorSecret, benchGenesis } from '../workload/network.ts';

const HOST = '127.0.0.1';
/** The passphrase is random and the network is thrown away. */
const WORK_FACTOR = 10;
/** The first heartbeat is due at once: nodes are ready once a checkpoint is certified. */
export const GENESIS_AGE_MS = 10_000;

export const AUTHORS_PER_LANE = 64;
/** API, metrics, libp2p. */
export const PORTS_PER_NODE = 3;

export interface NodeHome {
  readonly name: string;
  readonly folder: string;
  readonly dataDir: string;
  readonly configFile: string;
  readonly logFile: string;
  /** Public key, hex. */
  readonly key: string;
  readonly p2pPort: number;
  readonly apiUrl: string;
  readonly metricsUrl: string;
}

export interface ClusterHome {
  readonly genesis: Genesis;
  readonly passphrase: string;
  readonly validators: readonly NodeHome[];
  /** Relays to run, when bytes between validators are to be held back. */
  readonly relays: readonly Relay[];
}

export interface Relay {
  readonly listenPort: number;
  readonly targetPort: number;
}

/** Number of a lane's own key; its authors come after it. */
export function laneKeyNumber(lane: number): number {
  return lane * (1 + AUTHORS_PER_LANE);
}

/** `spare`: keys enrolled beyond those of the lanes, which come after them; `authorPerS`: what an author is allowed. */
export async function writeCluster(
  folder: string,
  count: number,
  delayed: boolean,
  { spare = 0, authorPerS }: { readonly spare?: number; readonly authorPerS?: number } = {},
): Promise<ClusterHome> {
  const passphrase = toHex(randomBytes(16));
  const ports = await freePorts(PORTS_PER_NODE * count + (delayed ? count * count : 0));
  const validators: NodeHome[] = [];
  const seats: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const own = ports.slice(PORTS_PER_NODE * i, PORTS_PER_NODE * (i + 1));
    const { home, signer } = await makeNodeHome(folder, `validator-${i}`, passphrase, own);
    validators.push(home);
    seats.push(signer.publicKey);
  }
  const keys = Array.from(
    { length: laneKeyNumber(count) + spare },
    (_, i) => nativeSigner(authorSecret(i)).publicKey,
  );
  const genesis = benchGenesis(seats, keys, Date.now() - GENESIS_AGE_MS);
  await writeGenesis(folder, genesis);

  const relays: Relay[] = [];
  for (const [i, validator] of validators.entries()) {
    const peers = validators.flatMap((peer, j) => {
      if (j === i) return [];
      const listenPort = delayed ? ports[PORTS_PER_NODE * count + i * count + j]! : peer.p2pPort;
      if (delayed) relays.push({ listenPort, targetPort: peer.p2pPort });
      return [{ key: peer.key, address: addressOf(listenPort) }];
    });
    await writeNodeConfig(validator, peers, authorPerS === undefined ? {} : { authorPerS });
  }
  return { genesis, passphrase, validators, relays };
}

/** A folder with a fresh key, and the stamp of a node that has never run; its configuration is still to be written. */
export async function makeNodeHome(
  parent: string,
  name: string,
  passphrase: string,
  [apiPort, metricsPort, p2pPort]: readonly number[],
): Promise<{ readonly home: NodeHome; readonly signer: Signer }> {
  const folder = join(parent, name);
  await mkdir(folder, { recursive: true });
  const seed = await createKeyFile(join(folder, 'key.age'), passphrase, { workFactor: WORK_FACTOR });
  const signer = nativeSigner(seed);
  const home: NodeHome = {
    ...{ name, folder, dataDir: join(folder, DATA_DIR), configFile: join(folder, 'config.toml') },
    ...{ logFile: join(folder, 'log.txt'), key: toHex(signer.publicKey), p2pPort: p2pPort! },
    ...{ apiUrl: `http://${HOST}:${apiPort}`, metricsUrl: `http://${HOST}:${metricsPort}/metrics` },
  };
  await makeFirstStamp(home.dataDir);
  return { home, signer };
}

export async function writeNodeConfig(
  home: NodeHome,
  peers: readonly PeerEntry[],
  {
    authorPerS = RATE_PER_S,
    joinBy = 'replay',
  }: { readonly authorPerS?: number; readonly joinBy?: NodeConfig['store']['joinBy'] } = {},
): Promise<void> {
  const { name, configFile, p2pPort, apiUrl, metricsUrl } = home;
  const toml = nodeConfigToml({
    ...{ name, genesisFile: '../genesis.json', listen: addressOf(p2pPort), peers },
    ...{ apiPort: portOf(apiUrl), metricsPort: portOf(metricsUrl), authorPerS, joinBy },
  });
  await writeFile(configFile, toml);
}

/** Where the configurations of all nodes below `folder` look for it. */
export async function writeGenesis(folder: string, { record }: Genesis): Promise<void> {
  await writeFile(join(folder, 'genesis.json'), JSON.stringify(genesisSchema.toJson(record)));
}

export function addressOf(port: number): string {
  return `/ip4/${HOST}/tcp/${port}`;
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
