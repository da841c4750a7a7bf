/**
 * `tally bench flood`: what honest stakeholders notice of a peer that floods four validators over real libp2p with ten
 * times what they can take (R058). docs/spec/bench.md.
 */

import type { ChildProcess } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toHex } from '../../consensus/codec/bytes.ts';
import { installNativePrimitives, nativeSigner } from '../../node/crypto/native.ts';
import { startChild, tell } from '../cluster/child.ts';
import { Cluster } from '../cluster/cluster.ts';
import { finalVertices } from '../cluster/finality.ts';
import { Generators } from '../cluster/generators.ts';
import { addressOf, type ClusterHome, laneKeyNumber, writeCluster } from '../cluster/home.ts';
import { pause } from '../cluster/schedule.ts';
import { readConditions } from '../output/conditions.ts';
import { countStore, faultsOf, type StoreCount } from '../output/count.ts';
import type { Findings } from '../output/findings.ts';
import { inScratch } from '../output/scratch.ts';
import { authorSecret } from '../workload/network.ts';
import { type FloodKind, floodKinds, floodSummary } from './ammunition.ts';
import { figuresOf, LEAD_MS, type Step } from './flood-figures.ts';
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
const WARM_UP_MS = 8_000;
const DRAIN_WITHIN_MS = 120_000;
const SETTLE_MS = 2_000;
const MIB = 2 ** 20;
const NAME = 'the flooder';
const script = fileURLToPath(new URL(`./flooder${extname(import.meta.url)}`, import.meta.url));

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
  const flooder = startChild(script);
  try {
    say(`starting ${validators} validators, a load generator and the flooder …`);
    await cluster.ready();
    const generators = await Generators.open(home, 1, folder);
    load.push(generators);
    await tell(flooder, NAME, aimAt(home, validators));
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
      : tell(flooder, NAME, {
          ...{ type: 'flood', kind, verticesPerS: FLOOD_FACTOR * capacityPerS },
          durationMs: LEAD_MS + stepMs,
        } satisfies Order);
  await pause(LEAD_MS);
  const fromMs = Date.now();
  await offer(generators, honestPerS / validators, stepMs);
  const report = (await flooding) as FloodReport | undefined;
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

function tellStep({ kind, report }: Step): string {
  if (report === undefined) return 'calm';
  const perS = Math.round((1_000 * report.sent) / report.durationMs);
  return `${kind}: ${perS}/s offered to each validator, ${(report.bytes / MIB).toFixed(0)} MiB`;
}
