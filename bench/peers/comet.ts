/** The peer's network: its files with our settings, its processes, and what is to be known of them while they run. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '../../node/config/free-ports.ts';
import type { Snapshot } from '../cluster/cluster.ts';
import { type NodeSample, parseMetrics, wireBytes } from '../cluster/samples.ts';
import { until } from '../cluster/schedule.ts';
import type { Stepped } from '../cluster/steps.ts';
import { Rpc } from './rpc.ts';
import { applySettings, readSetting, type Setting } from './settings.ts';

const run = promisify(execFile);
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;
const ANSWER_MS = 5_000;
const HOST = '127.0.0.1';

interface CometHome {
  readonly folder: string;
  readonly rpcPort: number;
  readonly p2pPort: number;
  readonly metricsPort: number;
}

/** A setting, and what it replaced. */
export interface AppliedSetting extends Setting {
  readonly default: string;
}

interface Genesis {
  readonly consensus_params: { readonly block: Record<string, string> };
}

export class CometCluster implements Stepped {
  readonly homes: readonly CometHome[];
  readonly applied: readonly AppliedSetting[];
  /** Processes that died unasked. */
  readonly deaths: string[] = [];
  readonly rpcs: readonly Rpc[];
  readonly #children: readonly ChildProcess[];
  readonly #onExit = (): void => this.#signalAll('SIGKILL');
  #stopping = false;

  private constructor(binary: string, homes: readonly CometHome[], applied: readonly AppliedSetting[]) {
    this.homes = homes;
    this.applied = applied;
    this.rpcs = homes.map(({ rpcPort }) => new Rpc(rpcPort, 2));
    process.on('exit', this.#onExit);
    this.#children = homes.map(({ folder }, number) => {
      const log = openSync(join(folder, 'log.txt'), 'a');
      const child = spawn(binary, ['start', '--home', folder], { stdio: ['ignore', log, log] });
      closeSync(log);
      child.once('error', ({ message }) => this.deaths.push(`node${number} did not start: ${message}`));
      child.once('exit', (code, signal) => {
        if (!this.#stopping) this.deaths.push(`node${number} died: ${signal ?? `exit code ${code}`}`);
      });
      return child;
    });
  }

  /** Writes a fresh network into the folder and starts it. */
  static async start(
    binary: string,
    folder: string,
    count: number,
    settings: readonly Setting[],
  ): Promise<CometCluster> {
    await run(binary, ['testnet', '--v', String(count), '--o', folder]);
    const ports = await freePorts(3 * count);
    const homes = Array.from({ length: count }, (_, i): CometHome => {
      const [rpcPort, p2pPort, metricsPort] = ports.slice(3 * i, 3 * i + 3) as [number, number, number];
      return { folder: join(folder, `node${i}`), rpcPort, p2pPort, metricsPort };
    });
    const ids = await Promise.all(
      homes.map(async (home) => (await run(binary, ['show-node-id', '--home', home.folder])).stdout.trim()),
    );
    let applied: AppliedSetting[] = [];
    for (const [own, home] of homes.entries()) {
      const others = homes.flatMap(({ p2pPort }, i) => (i === own ? [] : [`${ids[i]}@${HOST}:${p2pPort}`]));
      applied = await configure(home, others, settings);
    }
    return new CometCluster(binary, homes, applied);
  }

  /** Resolves once every node is linked to all others and holds the first block. */
  async ready(): Promise<void> {
    const isReady = async (rpc: Rpc): Promise<boolean> => {
      try {
        const net = await rpc.ask<{ n_peers: string }>('net_info');
        return Number(net.n_peers) >= this.homes.length - 1 && (await heightOf(rpc)) >= 1;
      } catch {
        return false;
      }
    };
    await until(
      async () => {
        if (this.deaths.length > 0) throw new Error(this.deaths.join('; '));
        return (await Promise.all(this.rpcs.map(isReady))).every(Boolean);
      },
      READY_WITHIN_MS,
      'all nodes of the peer are ready',
    );
  }

  async snapshot(withWire = true): Promise<Snapshot> {
    const pids = new Set(this.#children.flatMap(({ pid }) => pid ?? []));
    const ports = new Set(this.homes.map(({ p2pPort }) => p2pPort));
    const [nodes, bytes] = await Promise.all([
      Promise.all(this.homes.map(({ metricsPort }) => sampleComet(metricsPort))),
      withWire ? wireBytes(ports, pids) : undefined,
    ]);
    return { atMs: Date.now(), nodes, wireBytes: bytes };
  }

  endLast(): void {
    this.#children.at(-1)!.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    for (const rpc of this.rpcs) rpc.close();
    const ends = this.#children.map(ended);
    this.#signalAll('SIGTERM');
    const timer = setTimeout(() => this.#signalAll('SIGKILL'), STOP_WITHIN_MS);
    await Promise.all(ends);
    clearTimeout(timer);
    process.off('exit', this.#onExit);
  }

  #signalAll(signal: NodeJS.Signals): void {
    for (const child of this.#children)
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) child.kill(signal);
  }
}

async function configure(
  { folder, rpcPort, p2pPort, metricsPort }: CometHome,
  peers: readonly string[],
  settings: readonly Setting[],
): Promise<AppliedSetting[]> {
  const [tomlFile, genesisFile] = [join(folder, 'config/config.toml'), join(folder, 'config/genesis.json')];
  const toml = await readFile(tomlFile, 'utf8');
  const genesis = JSON.parse(await readFile(genesisFile, 'utf8')) as Genesis;
  const { block } = genesis.consensus_params;
  const applied = settings.map((setting): AppliedSetting => {
    const { section, key } = setting;
    if (section !== 'genesis') return { ...setting, default: readSetting(toml, section, key) };
    return { ...setting, default: JSON.stringify(block[key]) };
  });
  for (const { section, key, value } of settings)
    if (section === 'genesis') block[key] = JSON.parse(value) as string;
  const places: Setting[] = [
    { section: 'rpc', key: 'laddr', value: `"tcp://${HOST}:${rpcPort}"` },
    { section: 'p2p', key: 'laddr', value: `"tcp://${HOST}:${p2pPort}"` },
    { section: 'p2p', key: 'persistent_peers', value: `"${peers.join(',')}"` },
    // Where CPU, memory and counts are read.
    { section: 'instrumentation', key: 'prometheus', value: 'true' },
    { section: 'instrumentation', key: 'prometheus_listen_addr', value: `"${HOST}:${metricsPort}"` },
  ];
  await writeFile(tomlFile, applySettings(toml, [...settings, ...places]));
  await writeFile(genesisFile, JSON.stringify(genesis));
  return applied;
}

export async function heightOf(rpc: Rpc): Promise<number> {
  const { sync_info: info } = await rpc.ask<{ sync_info: { latest_block_height: string } }>('status');
  return Number(info.latest_block_height);
}

async function sampleComet(port: number): Promise<NodeSample | undefined> {
  try {
    const response = await fetch(`http://${HOST}:${port}/metrics`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return cometSample(await response.text());
  } catch {
    return undefined;
  }
}

/** From the peer's metrics, whose names carry the chain's id as a label. */
export function cometSample(text: string): NodeSample {
  const values = [...parseMetrics(text)];
  const of = (name: string): number =>
    values.find(([full]) => full === name || full.startsWith(`${name}{`))?.[1] ?? 0;
  return {
    ...{ atMs: Date.now(), cpuS: of('process_cpu_seconds_total') },
    rssBytes: of('process_resident_memory_bytes'),
    ...{ open: of('cometbft_mempool_size'), parked: 0, height: of('cometbft_consensus_height') },
    ...{ final: of('cometbft_consensus_total_txs'), dropped: 0 },
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
