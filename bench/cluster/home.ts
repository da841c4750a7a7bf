/** Writes a throw-away network of n validators: keys, configurations and the genesis that enrols lanes and authors. */

import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Genesis, genesisSchema } from '../../consensus/checkpoint/genesis.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { freePorts } from '../../node/config/free-ports.ts';
import { DATA_DIR, nodeConfigToml } from '../../node/config/node-config.ts';
import { nativeSigner } from '../../node/crypto/native.ts';
import { createKeyFile } from '../../node/keys/key-file.ts';
import { makeFirstStamp } from '../../node/level/stamp.ts';
import { authorSecret, benchGenesis } from '../workload/network.ts';

const HOST = '127.0.0.1';
/** The passphrase is random and the network is thrown away. */
const WORK_FACTOR = 10;
/** The first heartbeat is due at once: nodes are ready once a checkpoint is certified. */
const GENESIS_AGE_MS = 10_000;

export const AUTHORS_PER_LANE = 64;

export interface ValidatorHome {
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
  readonly validators: readonly ValidatorHome[];
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

export async function writeCluster(folder: string, count: number, delayed: boolean): Promise<ClusterHome> {
  const passphrase = toHex(randomBytes(16));
  const names = Array.from({ length: count }, (_, i) => `validator-${i}`);
  const ports = await freePorts(3 * count + (delayed ? count * count : 0));
  const validators: ValidatorHome[] = [];
  const seats: Uint8Array[] = [];
  for (const [i, name] of names.entries()) {
    const own = join(folder, name);
    await mkdir(own, { recursive: true });
    const seed = await createKeyFile(join(own, 'key.age'), passphrase, { workFactor: WORK_FACTOR });
    const { publicKey } = nativeSigner(seed);
    seats.push(publicKey);
    const [apiPort, metricsPort, p2pPort] = ports.slice(3 * i, 3 * i + 3);
    validators.push({
      ...{ name, folder: own, dataDir: join(own, DATA_DIR), configFile: join(own, 'config.toml') },
      ...{ logFile: join(own, 'log.txt'), key: toHex(publicKey), p2pPort: p2pPort! },
      ...{ apiUrl: `http://${HOST}:${apiPort}`, metricsUrl: `http://${HOST}:${metricsPort}/metrics` },
    });
  }
  const keys = Array.from(
    { length: laneKeyNumber(count) },
    (_, i) => nativeSigner(authorSecret(i)).publicKey,
  );
  const genesis = benchGenesis(seats, keys, Date.now() - GENESIS_AGE_MS);
  await writeFile(join(folder, 'genesis.json'), JSON.stringify(genesisSchema.toJson(genesis.record)));

  const relays: Relay[] = [];
  for (const [i, validator] of validators.entries()) {
    const peers = validators.flatMap((peer, j) => {
      if (j === i) return [];
      const listenPort = delayed ? ports[3 * count + i * count + j]! : peer.p2pPort;
      if (delayed) relays.push({ listenPort, targetPort: peer.p2pPort });
      return [{ key: peer.key, address: addressOf(listenPort) }];
    });
    await makeFirstStamp(validator.dataDir);
    const toml = nodeConfigToml({
      ...{
        name: validator.name,
        genesisFile: '../genesis.json',
        listen: addressOf(validator.p2pPort),
        peers,
      },
      ...{ apiPort: portOf(validator.apiUrl), metricsPort: portOf(validator.metricsUrl) },
    });
    await writeFile(validator.configFile, toml);
  }
  return { genesis, passphrase, validators, relays };
}

export function addressOf(port: number): string {
  return `/ip4/${HOST}/tcp/${port}`;
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
