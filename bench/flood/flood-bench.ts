/**
 * `tally bench flood`: what honest stakeholders notice of a peer that floods four validators over real libp2p with ten
 * times what they can take (R058). docs/spec/bench.md.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toHex } from '../../consensus/codec/bytes.ts';
import { installNativePrimitives, nativeSigner } from '../../node/crypto/native.ts';
import { type Cell, rounded, type Table } from '../../sim/experiments/experiment.ts';
import { Cluster, type Snapshot } from '../cluster/cluster.ts';
import { type FinalVertex, finalVertices, latenciesMs, type Span } from '../cluster/finality.ts';
import { Generators } from '../cluster/generators.ts';
import { addressOf, type ClusterHome, laneKeyNumber, writeCluster } from '../cluster/home.ts';
import type { Answer } from '../cluster/load-orders.ts';
import { pause } from '../cluster/schedule.ts';
import { readConditions } from '../output/conditions.ts';
import { countStore, faultsOf, type StoreCount } from '../output/count.ts';
import type { Findings } from '../output/findings.ts';
import { inScratch } from '../output/scratch.ts';
import { percentilesOf } from '../output/statistics.ts';
import { authorSecret } from '../workload/network.ts';
import { type FloodKind, floodKinds, floodSummary } from './ammunition.ts';
import type { FloodReport, Order } from './flooder.ts';

export interface FloodBenchOptions {
  readonly script: string;
  readonly validators: number;
  /** Honest vertices a second, over all lanes. */
  readonly honestPerS: number;
  /** What the validators can finalise a second: a flood offers ten times that. */
  readonly capacityPerS: number;
  readonly stepMs: number;
  readonly directory: string | undefined;
}

const FLOOD_FACTOR = 10;
/** What each author is allowed, of the capacity: as the comment in a node's configuration advises. */
const ALLOWED_PART = 0.1;
/** R058. */
const SLOWED_MOST = 2;
/** A validator may hold so much more after a flood than before: its queues and caches are full then. */
const GROWN_MOST_MIB = 192;
const WARM_UP_MS = 8_000;
/** A flood is under way before the honest load that is measured begins. */
const LEAD_MS = 1_000;
/** What may come at once, in seconds of the allowance. */
const BURST_S = 2;
const DRAIN_WITHIN_MS = 120_000;
const SETTLE_MS = 2_000;
const MIB = 2 ** 20;
const script = fileURLToPath(new URL(`./flooder${extname(import.meta.url)}`, import.meta.url));

interface Step {
  /** Absent when nobody floods. */
  readonly kind: FloodKind | undefined;
  readonly span: Span;
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly report: FloodReport | undefined;
}

export async function benchFlood(options: FloodBenchOptions, say: (text: string) => void): Promise<Findings> {
  installNativePrimitives();
  return inScratch(options.directory, async (scratch) => {
    const findings = await runFlood(options, scratch.folder, say);
    if (findings.faults.length > 0) {
      scratch.keep();
      say(`the network's files stay in ${scratch.folder}`);
    }
    return findings;
  });
}

async function runFlood(
  options: FloodBenchOptions,
  folder: string,
  say: (text: string) => void,
): Promise<Findings> {
  const { validators, honestPerS, stepMs } = options;
  const conditions = await readConditions(folder);
  const home = await writeCluster(folder, validators, false, { spare: 1, authorPerS: allowedPerS(options) });
  const cluster = new Cluster(home, { script: options.script, delayMs: 0, profileFolder: undefined });
  const load: Generators[] = [];
  const flooder = fork(script, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  try {
    say(`starting ${validators} validators, a load generator and the flooder …`);
    await cluster.ready();
    const generators = await Generators.open(home, 1, folder);
    load.push(generators);
    await tell(flooder, aimAt(home, validators));
    const steps: Step[] = [];
    await offer(generators, honestPerS / validators, WARM_UP_MS);
    for (const kind of [undefined, ...floodKinds, undefined]) {
      const step = await runStep(kind, { cluster, generators, flooder }, options);
      steps.push(step);
      say(tellStep(step));
    }
    const lanes = await generators.dump();
    generators.stop();
    await cluster.stop();
    const counts = new Map<string, StoreCount>();
    for (const { name, dataDir } of home.validators) counts.set(name, await countStore(name, dataDir));
    const { heights } = counts.get(home.validators[0]!.name)!;
    const taken = lanes.flatMap(({ vertices }) =>
      vertices.flatMap(([id, , at]) => (at === null ? [] : [id])),
    );
    const measured = figuresOf({
      steps,
      final: finalVertices(lanes, heights),
      heights,
      stepMs,
      validators,
      allowedPerS: allowedPerS(options),
    });
    return {
      ...{
        bench: 'flood',
        conditions,
        faults: [...cluster.deaths, ...faultsOf(counts, taken), ...measured.faults],
      },
      settings: {
        ...{ validators, honestPerS, capacityPerS: options.capacityPerS, stepMs },
        authorPerS: allowedPerS(options),
      },
      ...{ figures: measured.figures, ratios: {}, plots: [], tables: measured.tables },
      notes: [
        `Validators, load and flooder share ${conditions.cores} cores; the flooder runs at the lowest priority, since in life it has a machine of its own.`,
        ...floodKinds.map((kind) => `${kind}: ${floodSummary[kind]}.`),
      ],
    };
  } finally {
    flooder.kill('SIGKILL');
    for (const generators of load) generators.stop();
    await cluster.stop();
  }
}

function allowedPerS({ capacityPerS }: Pick<FloodBenchOptions, 'capacityPerS'>): number {
  return Math.max(1, Math.round(ALLOWED_PART * capacityPerS));
}

function aimAt({ genesis, validators }: ClusterHome, count: number): Order {
  const honest = Array.from({ length: laneKeyNumber(count) }, (_, i) =>
    toHex(nativeSigner(authorSecret(i)).publicKey),
  );
  return {
    ...{ type: 'aim', secret: toHex(authorSecret(laneKeyNumber(count))), honest },
    ...{ network: toHex(genesis.network), checkpoint: toHex(genesis.headerId) },
    nodes: validators.map(({ key, p2pPort }) => ({ key, multiaddr: addressOf(p2pPort) })),
  };
}

/** Honest load for a step's time, with a flood of this kind from before its beginning to its end. */
async function runStep(
  kind: FloodKind | undefined,
  { cluster, generators, flooder }: { cluster: Cluster; generators: Generators; flooder: ChildProcess },
  { honestPerS, capacityPerS, stepMs, validators }: FloodBenchOptions,
): Promise<Step> {
  const before = await cluster.snapshot(false);
  const flooding =
    kind === undefined
      ? undefined
      : tell(flooder, {
          ...{ type: 'flood', kind, verticesPerS: FLOOD_FACTOR * capacityPerS },
          durationMs: LEAD_MS + stepMs,
        });
  await pause(LEAD_MS);
  const fromMs = Date.now();
  await offer(generators, honestPerS / validators, stepMs);
  const report = await flooding;
  const after = await cluster.snapshot(false);
  await pause(SETTLE_MS);
  return { kind, span: { fromMs, toMs: fromMs + stepMs }, before, after, report };
}

async function offer(generators: Generators, perLane: number, durationMs: number): Promise<void> {
  const count = Math.ceil((perLane * durationMs) / 1_000) + 1;
  await generators.all({ type: 'sign', count, readings: 1 });
  await generators.all({ type: 'run', verticesPerS: perLane, durationMs });
  await generators.all({ type: 'drain', withinMs: DRAIN_WITHIN_MS });
}

/** Resolves to its report, if it makes one. */
function tell(child: ChildProcess, order: Order): Promise<FloodReport | undefined> {
  return new Promise((resolve, reject) => {
    let report: FloodReport | undefined;
    const end = (): void => {
      child.off('exit', onExit);
      child.off('message', onMessage);
    };
    const onExit = (code: number | null): void => {
      end();
      reject(new Error(`the flooder ended with ${code}`));
    };
    const onMessage = (said: Answer | FloodReport): void => {
      if (said.type === 'report') {
        report = said;
        return;
      }
      end();
      if (said.type === 'done') resolve(report);
      else reject(new Error(`the flooder failed: ${said.message}`));
    };
    child.on('exit', onExit);
    child.on('message', onMessage);
    child.send(order);
  });
}

function tellStep({ kind, report }: Step): string {
  if (report === undefined) return 'calm';
  const perS = Math.round((1_000 * report.sent) / report.durationMs);
  return `${kind}: ${perS}/s offered to each validator, ${(report.bytes / MIB).toFixed(0)} MiB`;
}

export interface FloodRun {
  readonly steps: readonly Step[];
  readonly validators: number;
  /** Vertices a second of one author, at each validator. */
  readonly allowedPerS: number;
  readonly final: readonly FinalVertex[];
  readonly heights: ReadonlyMap<string, number>;
  readonly stepMs: number;
}

/** What the steps come to, and which of R058's promises they break. */
export function figuresOf({ steps, final, heights, stepMs, validators, allowedPerS: perS }: FloodRun) {
  const rows = steps.map((step) => rowOf(step, final, heights));
  const calm = rows.filter(({ kind }) => kind === null).map(({ p95Ms }) => p95Ms);
  // The slower of two calm steps, before and after: what else the machine did is in it.
  const calmP95Ms = Math.max(...calm);
  const faults: string[] = [];
  for (const { kind, p95Ms, grownMiB, confirmed } of rows) {
    if (kind === null) continue;
    if (!(p95Ms <= SLOWED_MOST * calmP95Ms))
      faults.push(`${kind}: honest p95 ${p95Ms} ms, more than ${SLOWED_MOST} × ${calmP95Ms} ms`);
    if (grownMiB > GROWN_MOST_MIB) faults.push(`${kind}: a validator grew by ${grownMiB} MiB`);
    const allowed = validators * perS * (BURST_S + (stepMs + LEAD_MS) / 1_000);
    if (confirmed > allowed)
      faults.push(
        `${kind}: ${confirmed} of the flooder’s vertices were confirmed, and ${allowed} were allowed`,
      );
  }
  return {
    figures: { calmP95Ms, slowedMost: SLOWED_MOST, steps: rows },
    tables: [tableOf(rows, calmP95Ms)],
    faults,
  };
}

interface Row {
  readonly kind: FloodKind | null;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Offered to each validator, a second; and by the flooder's own process. */
  readonly offeredPerS: number;
  readonly mibPerS: number;
  readonly flooderCpuPart: number;
  readonly nodeCpuPart: number;
  readonly grownMiB: number;
  readonly rssMiB: number;
  /** Of the flooder's valid vertices, anywhere in the ledger. */
  readonly confirmed: number;
}

function rowOf(
  { kind, span, before, after, report }: Step,
  final: readonly FinalVertex[],
  heights: ReadonlyMap<string, number>,
): Row {
  const { p50Ms = Number.NaN, p95Ms = Number.NaN } = percentilesOf(latenciesMs(final, span)) ?? {};
  const pairs = before.nodes.flatMap((node, i) => {
    const later = after.nodes[i];
    return node === undefined || later === undefined ? [] : [{ node, later }];
  });
  const seconds = (after.atMs - before.atMs) / 1_000;
  const cpuS = pairs.reduce((sum, { node, later }) => sum + later.cpuS - node.cpuS, 0);
  const grown = pairs.map(({ node, later }) => (later.rssBytes - node.rssBytes) / MIB);
  const rss = pairs.map(({ later }) => later.rssBytes / MIB);
  const perS = (count: number) => (report === undefined ? 0 : (1_000 * count) / report.durationMs);
  return {
    ...{ kind: kind ?? null, p50Ms, p95Ms, offeredPerS: Math.round(perS(report?.sent ?? 0)) },
    mibPerS: rounded(perS(report?.bytes ?? 0) / MIB, 1),
    flooderCpuPart: rounded(report === undefined ? 0 : report.cpuMs / report.durationMs, 2),
    nodeCpuPart: rounded(cpuS / seconds / Math.max(1, pairs.length), 2),
    ...{ grownMiB: Math.round(Math.max(...grown)), rssMiB: Math.round(Math.max(...rss)) },
    confirmed: (report?.ids ?? []).filter((id) => heights.has(id)).length,
  };
}

function tableOf(rows: readonly Row[], calmP95Ms: number): Table {
  return {
    title: 'Honest finality while one peer floods',
    columns: [
      ...['flood', 'offered/s to each', 'MiB/s', 'p50 ms', 'p95 ms', 'p95 by calm'],
      ...['CPU of a validator', 'of the flooder', 'RSS MiB', 'grown MiB', 'flooder’s confirmed'],
    ],
    rows: rows.map((row): readonly Cell[] => [
      ...[row.kind ?? 'none', row.offeredPerS, row.mibPerS, row.p50Ms, row.p95Ms],
      ...[rounded(row.p95Ms / calmP95Ms, 2), row.nodeCpuPart, row.flooderCpuPart],
      ...[row.rssMiB, row.grownMiB, row.confirmed],
    ]),
  };
}
