/** Writes a throw-away network: a home, a key, a configuration and the genesis for each player. */

import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkGenesis,
  defaultCommitteeRules,
  defaultPace,
  type Genesis,
  type GenesisRecord,
  genesisSchema,
} from '../../consensus/checkpoint/genesis.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { defaultPolicy } from '../../consensus/contracts/policy.ts';
import { labelKey, type Role } from '../../consensus/contracts/registry.ts';
import { immediateTriggers } from '../../consensus/contracts/triggers/rules.ts';
import { type Signer, SUITE } from '../../consensus/crypto/ed25519.ts';
import { freePorts } from '../config/free-ports.ts';
import { gatewayConfigToml } from '../config/gateway-config.ts';
import { DATA_DIR, nodeConfigToml } from '../config/node-config.ts';
import { nativeSigner } from '../crypto/native.ts';
import { createKeyFile } from '../keys/key-file.ts';
import { makeFirstStamp } from '../level/stamp.ts';
import { makeLei } from '../story/lei.ts';
import type { StoryPlan } from '../story/plan.ts';
import { gatewayName, type PlayerName, type ProcessName, playerNamed, players } from './cast.ts';
import { SENSORS_START_AGO_MS } from './feed.ts';

const HOST = '127.0.0.1';
/** The passphrases are random and the network is thrown away: opening keys fast is worth more than guarding them. */
const WORK_FACTOR = 10;

export interface Home {
  readonly name: ProcessName;
  readonly folder: string;
  readonly configFile: string;
  readonly signer: Signer;
  readonly apiUrl: string;
  readonly metricsUrl: string;
  readonly tokenFile: string;
  readonly logFile: string;
}

export interface NetworkFiles {
  readonly genesis: Genesis;
  readonly genesisFile: string;
  readonly passphrase: string;
  readonly homes: { readonly [N in ProcessName]: Home };
  /** Ids of the players' parties, hex. */
  readonly parties: { readonly [N in PlayerName]: string };
  /** Of a story's cast that run no node here. */
  readonly others: ReadonlyMap<string, OtherMember>;
}

/** A member of a story's cast whose key this process holds. */
export interface OtherMember {
  readonly lei: string;
  readonly title: string;
  readonly roles: readonly Role[];
  readonly signer: Signer;
}

export async function writeNetwork(
  home: string,
  mqtt: { readonly url: string; readonly protocolVersion: 4 | 5 },
  story?: StoryPlan,
): Promise<NetworkFiles> {
  const passphrase = toHex(randomBytes(16));
  const names: readonly ProcessName[] = [...players.map((player) => player.name), gatewayName];
  const ports = await freePorts(3 * names.length);
  const homes = {} as { [N in ProcessName]: Home };
  const listen = new Map<ProcessName, string>();
  for (const [i, name] of names.entries()) {
    const folder = join(home, name);
    await mkdir(folder, { recursive: true });
    const seed = await createKeyFile(join(folder, 'key.age'), passphrase, { workFactor: WORK_FACTOR });
    const [apiPort, metricsPort, p2pPort] = ports.slice(3 * i, 3 * i + 3);
    listen.set(name, `/ip4/${HOST}/tcp/${p2pPort}`);
    homes[name] = {
      ...{
        name,
        folder,
        configFile: join(folder, 'config.toml'),
        signer: nativeSigner(seed),
        tokenFile: join(folder, 'api-token'),
      },
      ...{
        apiUrl: `http://${HOST}:${apiPort}`,
        metricsUrl: `http://${HOST}:${metricsPort}/metrics`,
        logFile: join(folder, 'log.txt'),
      },
    };
  }
  const others = castOthers(story);
  const record = genesisOf(homes, others, story);
  const genesis = checkGenesis(record);
  invariant(genesis.ok, `the demo's genesis is good: ${JSON.stringify(genesis)}`);
  const genesisFile = join(home, 'genesis.json');
  await writeFile(genesisFile, `${JSON.stringify(genesisSchema.toJson(record), null, 2)}\n`);

  const peerOf = (name: ProcessName) => ({
    key: toHex(homes[name].signer.publicKey),
    address: listen.get(name)!,
  });
  const portOf = (url: string) => Number(new URL(url).port);
  for (const { name } of players) {
    const peers = players.filter((player) => player.name !== name).map((player) => peerOf(player.name));
    const { configFile, folder, apiUrl, metricsUrl } = homes[name];
    await makeFirstStamp(join(folder, DATA_DIR));
    const values = { name, genesisFile: '../genesis.json', listen: listen.get(name)!, peers };
    await writeFile(
      configFile,
      nodeConfigToml({ ...values, apiPort: portOf(apiUrl), metricsPort: portOf(metricsUrl) }),
    );
  }
  const { configFile, apiUrl } = homes[gatewayName];
  const nodes = [peerOf('monitor-a'), peerOf('monitor-b')];
  const gateway = {
    name: gatewayName,
    nodes,
    mqttUrl: mqtt.url,
    protocolVersion: mqtt.protocolVersion,
    genesisFile: '../genesis.json',
  };
  await writeFile(configFile, gatewayConfigToml({ ...gateway, apiPort: portOf(apiUrl) }));

  const parties = Object.fromEntries(
    players.map(({ name, lei }) => [name, toHex(labelKey(genesis.value.network, 'lei', lei))]),
  );
  return {
    genesis: genesis.value,
    genesisFile,
    passphrase,
    homes,
    parties: parties as NetworkFiles['parties'],
    others,
  };
}

/** Those of the cast that are none of the players: each gets a key. */
function castOthers(story: StoryPlan | undefined): ReadonlyMap<string, OtherMember> {
  const others = new Map<string, OtherMember>();
  for (const { name, title, roles } of story?.cast ?? []) {
    if (playerNamed(name) === undefined)
      others.set(name, {
        ...{ lei: makeLei(others.size), title, roles },
        signer: nativeSigner(new Uint8Array(randomBytes(32))),
      });
  }
  return others;
}

function genesisOf(
  homes: { readonly [N in ProcessName]: Home },
  others: ReadonlyMap<string, OtherMember>,
  story: StoryPlan | undefined,
): GenesisRecord {
  const played = players.map(({ name, title, lei, address, roles }) => ({
    lei,
    name: title,
    address,
    roles: [...roles],
    keys: [homes[name].signer.publicKey],
  }));
  const cast = [...others.values()].map(({ lei, title, roles, signer }) => ({
    lei,
    name: title,
    address: `${title}, main office`,
    roles: [...roles],
    keys: [signer.publicKey],
  }));

  return {
    suite: SUITE,
    name: 'tallystick demo',
    time: Date.now(),
    seats: players.filter((player) => player.seat).map(({ name }) => homes[name].signer.publicKey),
    committee: defaultCommitteeRules,
    parties: [...played, ...cast],
    // The demo's sensors live through hours in seconds: their clocks begin long before ours, and never pass it.
    policy: story?.policy ?? {
      ...defaultPolicy,
      triggers: immediateTriggers,
      evidenceAgeMs: 2 * SENSORS_START_AGO_MS,
    },
    pace: { ...defaultPace, ...story?.pace },
  };
}
