/** `tally init` prepares a node's home; `tally genesis` makes a network of several parties. */

import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import {
  checkGenesis,
  defaultCommitteeRules,
  defaultPace,
  genesisSchema,
} from '../../consensus/checkpoint/genesis.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { checkLei } from '../../consensus/contracts/identifiers.ts';
import { defaultPolicy } from '../../consensus/contracts/policy.ts';
import { labelKey, roles } from '../../consensus/contracts/registry.ts';
import { SUITE } from '../../consensus/crypto/ed25519.ts';
import { DATA_DIR, nodeConfigToml } from '../config/node-config.ts';
import { keyHex, multiaddrText, type PeerEntry } from '../config/toml.ts';
import { nativeSigner } from '../crypto/native.ts';
import { createKeyFile } from '../keys/key-file.ts';
import { makeFirstStamp } from '../level/stamp.ts';
import { CliError, exits } from './exit-codes.ts';
import { askPassphrase } from './key-passphrase.ts';
import { print } from './print.ts';

interface InitFlags {
  readonly name: string;
  readonly lei?: string;
  readonly address: string;
  readonly role?: readonly string[];
  readonly seat?: boolean;
  readonly genesis: string;
  readonly listen: string;
  readonly peer?: readonly string[];
  readonly apiPort: string;
  readonly metricsPort: string;
  readonly passphraseFile?: string;
  readonly json?: boolean;
}

export function registerInit(program: Command): void {
  program
    .command('init')
    .description(
      'prepare a home for a node: a key, a configuration with every default, and a description of its party',
    )
    .argument('<dir>', 'folder to make')
    .requiredOption('--name <name>', 'name of the node, and of its party')
    .option('--lei <lei>', 'legal entity identifier of the party: 20 characters')
    .option('--address <text>', 'postal address of the party', '')
    .addOption(new Option('--role <role...>', 'what the party is').choices(roles))
    .option('--seat', 'the party asks for a seat in the committee')
    .option('--genesis <file>', 'genesis file of the network, as seen from <dir>', 'genesis.json')
    .option('--listen <multiaddr>', 'where to listen for other nodes', '/ip4/127.0.0.1/tcp/4001')
    .option('--peer <key@multiaddr...>', 'another node: public key and address')
    .option('--api-port <port>', 'port of the API on this machine', '8001')
    .option('--metrics-port <port>', 'port of /metrics on this machine', '9001')
    .option(
      '--passphrase-file <file>',
      'where the passphrase of the key stands (else $TALLY_PASSPHRASE, else asked)',
    )
    .option('--json', 'print JSON')
    .action((dir: string, flags: InitFlags) => initHome(resolve(dir), flags));
}

async function initHome(dir: string, flags: InitFlags): Promise<void> {
  const { name, json } = flags;
  const defect = flags.lei === undefined ? undefined : checkLei(flags.lei);
  if (defect !== undefined) throw new CliError(exits.usage, `--lei ${flags.lei}: ${defect}`);
  const apiPort = readPort('--api-port', flags.apiPort);
  const metricsPort = readPort('--metrics-port', flags.metricsPort);
  if (!multiaddrText.safeParse(flags.listen).success)
    throw new CliError(
      exits.usage,
      `--listen ${flags.listen}: expected a multiaddr such as /ip4/127.0.0.1/tcp/4001`,
    );
  const config = nodeConfigToml({
    name,
    genesisFile: flags.genesis,
    listen: flags.listen,
    peers: (flags.peer ?? []).map(readPeer),
    apiPort,
    metricsPort,
    doesDuties: true,
  });
  const files = {
    config: join(dir, 'config.toml'),
    key: join(dir, 'key.age'),
    party: join(dir, 'party.json'),
  };
  for (const file of Object.values(files)) {
    const there = await access(file).then(
      () => true,
      () => false,
    );
    if (there) throw new CliError(exits.usage, `${file} exists: nothing is written over`);
  }
  const passphrase = await askPassphrase(files.key, flags.passphraseFile, true);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const seed = await createKeyFile(files.key, passphrase);
  const key = toHex(nativeSigner(seed).publicKey);
  seed.fill(0);
  await writeFile(files.config, config, { flag: 'wx' });
  await makeFirstStamp(join(dir, DATA_DIR));
  const party = {
    lei: flags.lei ?? '',
    name,
    address: flags.address,
    roles: flags.role ?? [],
    keys: [key],
    seat: flags.seat ?? false,
  };
  await writeFile(files.party, `${JSON.stringify(party, null, 2)}\n`, { flag: 'wx' });
  if (json) return print({ key, files }, true);
  process.stdout.write(`The node “${name}” has its home in ${dir}.

  public key  ${key}
  key file    ${files.key}   (keep it, and its passphrase: nobody can restore them)
  settings    ${files.config}
  party       ${files.party}

Next:
  1. Complete ${files.party} (LEI, roles, seat) and hand it to whoever makes the genesis:
       tally genesis --name <network> --out genesis.json <every party.json>
     or, for a network that runs, let two members enrol the party (transition enrol-party).
  2. Put the network's genesis file at ${resolve(dir, flags.genesis)}.
  3. Name other nodes under [network] peers in the settings.
  4. tally node --config ${files.config}
For a gateway or a device only the key counts: docs/guides/gateway.md.
`);
}

function readPort(option: string, text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new CliError(exits.usage, `${option} ${text}: expected a port from 0 to 65535`);
  return port;
}

function readPeer(text: string): PeerEntry {
  const [key = '', address = ''] = text.split('@');
  if (keyHex.safeParse(key).success && multiaddrText.safeParse(address).success) return { key, address };
  throw new CliError(exits.usage, `--peer ${text}: expected <public key>@<multiaddr>`);
}

interface GenesisFlags {
  readonly name: string;
  readonly out: string;
  readonly time?: string;
  readonly policy?: string;
  readonly pace?: string;
  readonly committee?: string;
  readonly json?: boolean;
}

export function registerGenesis(program: Command): void {
  program
    .command('genesis')
    .description('make the genesis of a network from its parties’ descriptions; its hash is the network’s id')
    .argument(
      '<parties...>',
      'files as `tally init` writes them: one party, a list of parties, or {"parties": […]}',
    )
    .requiredOption('--name <name>', 'name of the network')
    .requiredOption('--out <file>', 'file to write')
    .option('--time <ms>', 'time of the start, ms since 1970 (default: now)')
    .option('--policy <json>', 'policy values that differ from the defaults, as JSON')
    .option('--pace <json>', 'pace values that differ from the defaults, as JSON')
    .option('--committee <json>', 'how committees change: policy, epochHeights, seatsWanted, as JSON')
    .option('--json', 'print JSON')
    .action((files: string[], flags: GenesisFlags) => makeGenesisFile(files, flags));
}

interface PartyFile {
  readonly lei?: Json;
  readonly name?: Json;
  readonly address?: Json;
  readonly roles?: Json;
  readonly keys?: Json;
  /** True: the first key votes. A key in hexadecimal: that one does. */
  readonly seat?: Json;
  /** Stake bonded at the start, behind its first key. */
  readonly stake?: Json;
}

async function makeGenesisFile(files: readonly string[], flags: GenesisFlags): Promise<void> {
  const parties: Json[] = [];
  const seats: Json[] = [];
  const stakes: Json[] = [];
  const leis = new Set<string>();
  for (const file of files) {
    for (const [index, entry] of (await readParties(file)).entries()) {
      const { seat = false, stake, ...party } = entry;
      const where = `${file}, party ${index + 1} (${JSON.stringify(party.name ?? null)})`;
      const lei = String(party.lei ?? '');
      const defect = checkLei(lei) ?? (leis.has(lei) ? 'named twice' : undefined);
      if (defect !== undefined) throw new CliError(exits.usage, `${where}: field lei: ${defect}`);
      leis.add(lei);
      const keys = Array.isArray(party.keys) ? (party.keys as readonly Json[]) : [];
      if (keys.length === 0)
        throw new CliError(exits.usage, `${where}: field keys: expected at least one public key`);
      if (stake !== undefined) stakes.push({ lei, amount: stake, key: keys[0]! });
      if (seat !== false) seats.push(seat === true ? keys[0]! : seat);
      parties.push({ address: '', ...(party as { readonly [field: string]: Json }) });
    }
  }
  if (seats.length === 0)
    throw new CliError(
      exits.usage,
      'no party asks for a seat, and a network needs one: make homes with `tally init --seat`, or write "seat": true',
    );
  if (flags.time !== undefined && !/^\d{1,15}$/.test(flags.time))
    throw new CliError(exits.usage, `--time ${flags.time}: expected milliseconds since 1970`);
  const record = {
    ...{
      suite: SUITE,
      name: flags.name,
      time: flags.time === undefined ? Date.now() : Number(flags.time),
      seats,
      parties,
    },
    committee: { ...defaultCommitteeRules, ...overrides('--committee', flags.committee), stakes },
    policy: { ...defaultPolicy, ...overrides('--policy', flags.policy) },
    pace: { ...defaultPace, ...overrides('--pace', flags.pace) },
  };
  const parsed = genesisSchema.parseJson(record as Json);
  const genesis = parsed.ok ? checkGenesis(parsed.value) : parsed;
  if (!parsed.ok || !genesis.ok)
    throw new CliError(
      exits.usage,
      `no genesis can be made of this: ${describeRefusal(parsed.ok ? (genesis as never) : parsed)}`,
    );
  const { network, committee } = genesis.value;
  await writeFile(flags.out, `${JSON.stringify(genesisSchema.toJson(parsed.value), null, 2)}\n`, {
    flag: 'wx',
  }).catch((cause) => {
    throw new CliError(exits.usage, `${flags.out}: cannot be written: ${(cause as Error).message}`, {
      cause,
    });
  });
  const { parties: enrolled } = parsed.value;
  const ids = enrolled.map(({ lei, name }) => ({ lei, name, party: toHex(labelKey(network, 'lei', lei)) }));
  const made = {
    network: toHex(network),
    seats: committee.size,
    quorum: committee.quorum,
    faults: committee.faults,
    parties: ids,
    file: flags.out,
  };
  if (flags.json) return print(made, true);
  print(made, false);
  if (committee.faults === 0)
    process.stderr.write(`No fault is borne with so few seats (${committee.size}): 4 bear one.\n`);
  process.stdout.write('\nEvery node of the network needs this very file.\n');
}

async function readParties(file: string): Promise<readonly PartyFile[]> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new CliError(exits.usage, `${file}: cannot be read: ${(cause as Error).message}`, { cause });
  });
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (cause) {
    throw new CliError(
      exits.usage,
      `${file}: no party description, which is JSON: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
  const listed = Array.isArray(json)
    ? json
    : ((json as { readonly parties?: Json } | null)?.parties ?? [json]);
  const all = Array.isArray(listed) ? (listed as readonly Json[]) : [];
  if (all.length === 0 || all.some((entry) => typeof entry !== 'object' || entry === null))
    throw new CliError(exits.usage, `${file}: expected a party, a list of parties, or {"parties": […]}`);
  return all as readonly PartyFile[];
}

function overrides(option: string, text: string | undefined): object {
  if (text === undefined) return {};
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw new CliError(exits.usage, `${option}: expected a JSON object such as {"heartbeatMs": 5000}`);
}
