/**
 * One real node in this process: runner, replica and LevelDB store, with the only seat of its network and no peers.
 * Vertices come in as a peer's gossip. docs/spec/bench.md, `tally bench node`.
 */

import { readFileSync } from 'node:fs';
import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { makeBundles } from '../../node/bundles.ts';
import { systemClock } from '../../node/crypto/native.ts';
import { openStore } from '../../node/level/store.ts';
import type { Network } from '../../node/ports.ts';
import type { Notice } from '../../node/replica/events.ts';
import { Replica } from '../../node/replica/replica.ts';
import { restore } from '../../node/restore.ts';
import { Runner } from '../../node/runner.ts';
import { systemTimers } from '../../node/system-timers.ts';
import type { Presigned } from '../workload/presign.ts';

/** Bundles that may wait to be stored: a peer's stream holds more. */
const BUNDLES_WAITING_MAX = 4;
/** Beyond this the feed pauses: a checkpoint confirms no more at once. */
const OPEN_MAX = 20_000;
const FINAL_WITHIN_MS = 120_000;

export interface NodeRun {
  /** From the first bundle until the last was stored, and until the checkpoint that confirms the last vertex. */
  readonly storedMs: number;
  readonly finalMs: number;
  readonly checkpoints: number;
  /** Of the whole process while it ran, LevelDB's threads included. */
  readonly cpuMs: number;
  /** Of the thread that runs JavaScript alone; `undefined` where the system does not say. */
  readonly mainCpuMs: number | undefined;
}

/** Bundles as gossip carries them, of a publisher that nobody knows. */
export function bundlesOf(vertices: readonly Presigned[]): Uint8Array[] {
  return makeBundles(
    zero32,
    vertices.map(({ envelope }) => envelope),
  );
}

export interface OneNode {
  /** Of the newest header. */
  readonly headerId: Uint8Array;
  readonly height: number;
  /**
   * Takes `bundles` in, and resolves when so many vertices are final, of this feed and those before. Throws when the node
   * halts or refuses.
   */
  feed(bundles: readonly Uint8Array[], vertices: number): Promise<NodeRun>;
  /** Bytes of its store so far. */
  diskBytes(): Promise<number>;
  /** Bytes of its store, which is closed then. */
  close(): Promise<number>;
}

/** Starts a node whose store is new in `directory`. */
export async function startOneNode(genesis: Genesis, seat: Signer, directory: string): Promise<OneNode> {
  const store = await openStore(directory, { firstStart: true });
  let final = 0;
  let failure: Error | undefined;
  let wake = (): void => {};
  const fail = (error: Error): void => {
    failure ??= error;
    wake();
  };
  const onNotice = (notice: Notice): void => {
    if (notice.type === 'refused')
      return fail(new Error(`the node refused: ${notice.code} ${JSON.stringify(notice.facts)}`));
    if (notice.type !== 'checkpoint') return;
    for (const { kind } of notice.vertices) if (kind === 'readings') final += 1;
    wake();
  };
  const replica = new Replica(await restore(genesis, seat, store, 1));
  const ports = { store, network: noNetwork, clock: systemClock, timers: systemTimers(systemClock) };
  const runner = new Runner(replica, ports, { onNotice, onHalt: fail });
  runner.dispatch({ type: 'tick' });

  async function takeIn(bundles: readonly Uint8Array[]): Promise<void> {
    const waiting: Promise<unknown>[] = [];
    for (const data of bundles) {
      if (failure !== undefined) throw failure;
      waiting.push(runner.dispatchDurable({ type: 'gossip', peer: 'a peer', data }));
      if (waiting.length >= BUNDLES_WAITING_MAX) await waiting.shift();
      while (replica.dag.size > OPEN_MAX && failure === undefined) await sleep(1);
      // As after each frame of a stream: timers and the disk have their turn.
      await new Promise(setImmediate);
    }
    await Promise.all(waiting);
  }

  async function untilFinal(vertices: number): Promise<void> {
    const lastMs = performance.now() + FINAL_WITHIN_MS;
    while (final < vertices) {
      if (failure !== undefined) throw failure;
      if (performance.now() > lastMs)
        throw new Error(
          `${final} of ${vertices} vertices were final ${FINAL_WITHIN_MS} ms after the last came`,
        );
      await Promise.race([sleep(1_000), new Promise<void>((resolve) => (wake = resolve))]);
    }
  }

  return {
    get headerId() {
      return replica.ledger.headerId;
    },
    get height() {
      return replica.ledger.height;
    },
    diskBytes: () => store.size(),
    feed: async (bundles, vertices) => {
      const cpuBefore = process.cpuUsage();
      const mainBefore = mainThreadCpuMs();
      const startMs = performance.now();
      await takeIn(bundles);
      const storedMs = performance.now() - startMs;
      await untilFinal(vertices);
      const finalMs = performance.now() - startMs;
      const { user, system } = process.cpuUsage(cpuBefore);
      const mainAfter = mainThreadCpuMs();
      const mainCpuMs =
        mainBefore === undefined || mainAfter === undefined ? undefined : mainAfter - mainBefore;
      const { height: checkpoints } = replica.ledger;
      return { storedMs, finalMs, checkpoints, cpuMs: (user + system) / 1_000, mainCpuMs };
    },
    close: async () => {
      await runner.stop();
      const bytes = await store.size();
      await store.close();
      return bytes;
    },
  };
}

const noNetwork: Network = {
  peers: [],
  send: () => undefined,
  gossip: () => undefined,
  pushToLightClients: () => undefined,
  close: async () => undefined,
};

/** Linux's clock ticks of /proc are hundredths of a second, whatever the kernel's own are. */
const TICK_MS = 10;

/** proc(5): user and system time are the 14th and 15th field; the second, the name, may hold anything. */
function mainThreadCpuMs(): number | undefined {
  try {
    const stat = readFileSync(`/proc/self/task/${process.pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return undefined;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
