/** The validators' processes, and what is to be known of them while they run. */

import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Processes } from '../../node/demo/processes.ts';
import type { ClusterHome, NodeHome } from './home.ts';
import { type NodeSample, sampleNode, wireBytes } from './samples.ts';
import { until } from './schedule.ts';

const READY_WITHIN_MS = 120_000;
const SAMPLE_EVERY_MS = 2_000;

/** Everything at one moment. */
export interface Snapshot {
  readonly atMs: number;
  /** By validator; `undefined` where it does not answer. */
  readonly nodes: readonly (NodeSample | undefined)[];
  readonly wireBytes: number | undefined;
}

export interface ClusterOptions {
  /** The compiled command line. */
  readonly script: string;
  readonly delayMs: number;
  /** The first validator writes V8's profile into this folder when it ends. */
  readonly profileFolder: string | undefined;
}

const relayScript = fileURLToPath(new URL(`./relay${extname(import.meta.url)}`, import.meta.url));

export class Cluster {
  readonly home: ClusterHome;
  /** One every other second. */
  readonly series: Snapshot[] = [];
  /** Processes that died unasked. */
  readonly deaths: string[] = [];
  readonly ended = new Set<string>();
  readonly #processes: Processes;
  #relay: ChildProcess | undefined;
  #sampling: NodeJS.Timeout | undefined;
  #isSampling = false;

  constructor(home: ClusterHome, { script, delayMs, profileFolder }: ClusterOptions) {
    this.home = home;
    if (home.relays.length > 0) {
      const pairs = home.relays.map(({ listenPort, targetPort }) => `${listenPort}:${targetPort}`);
      this.#relay = fork(relayScript, [String(delayMs), ...pairs]);
    }
    this.#processes = new Processes(script, (name, how) => this.deaths.push(`${name} died: ${how}`));
    for (const [number, { name, configFile, logFile }] of home.validators.entries()) {
      this.#processes.start({
        ...{
          name,
          logFile,
          args: ['node', '--config', configFile],
          env: { TALLY_PASSPHRASE: home.passphrase },
        },
        nodeArgs:
          number === 0 && profileFolder !== undefined
            ? ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, '--cpu-prof-interval=1000']
            : [],
      });
    }
  }

  /** Resolves once every validator holds a certified checkpoint. */
  async ready(): Promise<void> {
    const { validators } = this.home;
    await until(
      async () => (await Promise.all(validators.map(isReady))).every(Boolean),
      READY_WITHIN_MS,
      'all validators are ready',
    );
    this.#sampling = setInterval(() => {
      // A machine that is overloaded answers late; questions must not pile up.
      if (this.#isSampling) return;
      this.#isSampling = true;
      void this.snapshot(false).then((taken) => {
        this.series.push(taken);
        this.#isSampling = false;
      });
    }, SAMPLE_EVERY_MS);
  }

  async snapshot(withWire = true): Promise<Snapshot> {
    const { validators } = this.home;
    const alive = validators.map(({ name }) => this.#processes.pid(name));
    const pids = new Set([...alive, this.#relay?.pid].filter((pid) => pid !== undefined));
    const ports = new Set(validators.map(({ p2pPort }) => p2pPort));
    const [nodes, bytes] = await Promise.all([
      Promise.all(validators.map((home) => (this.ended.has(home.name) ? undefined : sampleNode(home)))),
      withWire ? wireBytes(ports, pids) : undefined,
    ]);
    return { atMs: Date.now(), nodes, wireBytes: bytes };
  }

  endLast(): void {
    const { name } = this.home.validators.at(-1)!;
    this.ended.add(name);
    this.#processes.end(name);
  }

  async stop(): Promise<void> {
    clearInterval(this.#sampling);
    await this.#processes.stop();
    this.#relay?.kill('SIGKILL');
  }
}

export function isReady({ apiUrl }: NodeHome): Promise<boolean> {
  return fetch(`${apiUrl}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}
