/**
 * `tally bench gateway`: memory, CPU and bytes of the gateway's process at rates of readings, before four validators.
 * docs/spec/bench.md.
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '../../consensus/codec/bytes.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import { decimalOf } from '../../consensus/vertex/decimal.ts';
import type { UnsignedFrame } from '../../consensus/vertex/frame.ts';
import type { GatewayStatus } from '../../light-client/gateway/metrics.ts';
import { startEmbeddedBroker } from '../../light-client/mqtt/broker.ts';
import { publishFrames } from '../../light-client/sensors/publish.ts';
import { freePorts } from '../../node/config/free-ports.ts';
import { gatewayConfigToml } from '../../node/config/gateway-config.ts';
import { installNativePrimitives, nativeSigner } from '../../node/crypto/native.ts';
import { Processes } from '../../node/demo/processes.ts';
import { createKeyFile } from '../../node/keys/key-file.ts';
import { rounded, type Table } from '../../sim/experiments/experiment.ts';
import { quantile } from '../../sim/experiments/statistics.ts';
import { Cluster } from '../cluster/cluster.ts';
import { addressOf, type ClusterHome, laneKeyNumber, writeCluster } from '../cluster/home.ts';
import { pause, until } from '../cluster/schedule.ts';
import { readConditions } from '../output/conditions.ts';
import type { Findings } from '../output/findings.ts';
import { askKernel, type KernelView } from '../output/kernel.ts';
import type { Plot } from '../output/plot.ts';
import { inScratch } from '../output/scratch.ts';
import { authorSecret } from '../workload/network.ts';
import { baselines, measureBaselines } from './baselines.ts';
import { enrolDevices } from './enrolment.ts';

export interface GatewayBenchOptions {
  /** The compiled command line. */
  readonly script: string;
  /** Readings a second, one in each frame and message. */
  readonly rates: readonly number[];
  readonly stepMs: number;
  readonly directory: string | undefined;
}

const VALIDATORS = 4;
const WORK_FACTOR = 10;
const NAME = 'gateway';
const DEVICES = Array.from({ length: 10 }, (_, i) => `bench:${i}`);
const SAMPLE_EVERY_MS = 500;
const UP_WITHIN_MS = 60_000;
const FINAL_WITHIN_MS = 60_000;
const MIB = 2 ** 20;

interface Sample {
  readonly atMs: number;
  readonly status: GatewayStatus;
  /** `undefined` where the system has no /proc. */
  readonly kernel: KernelView | undefined;
}

interface Step {
  readonly perS: number;
  readonly published: number;
  readonly samples: readonly Sample[];
  /** When everything published was final. */
  readonly last: Sample;
}

export async function benchGateway(
  options: GatewayBenchOptions,
  say: (text: string) => void,
): Promise<Findings> {
  installNativePrimitives();
  return inScratch(options.directory, async ({ folder }) => {
    const conditions = await readConditions(folder);
    const base = await measureBaselines();
    const { steps, faults } = await runSteps(options, folder, say);
    const rows = steps.map(figuresOf);
    const hundred = rows.find(({ perS }) => perS === 100);
    return {
      ...{ bench: 'gateway', conditions, faults },
      settings: { validators: VALIDATORS, rates: options.rates.join(' '), stepMs: options.stepMs },
      figures: { baselineBytes: base, rows },
      ratios: hundred === undefined ? {} : { 'resident bytes': rounded((80 * MIB) / hundred.rssBytes, 3) },
      tables: [baselineTable(base), stepTable(rows)],
      plots: [plotOf(steps)],
      notes: [
        'One reading in each frame and MQTT message, ten devices, batches of 250 ms; the embedded broker and the publisher run in the command’s process. Bytes are frames exchanged with the two nodes it follows, before noise and yamux. *Of its own*: without the pages of files, 47 MiB of them of Node itself, which several processes of one machine share.',
      ],
    };
  });
}

async function runSteps(
  { script, rates, stepMs }: GatewayBenchOptions,
  folder: string,
  say: (text: string) => void,
): Promise<{ readonly steps: Step[]; readonly faults: string[] }> {
  const faults: string[] = [];
  const home = await writeCluster(folder, VALIDATORS, false, { spare: 1 });
  const cluster = new Cluster(home, { script, delayMs: 0, profileFolder: undefined });
  const broker = await startEmbeddedBroker();
  const processes = new Processes(script, (name, how) => faults.push(`${name} died: ${how}`));
  try {
    say(`starting ${VALIDATORS} validators and a gateway …`);
    await cluster.ready();
    const number = laneKeyNumber(VALIDATORS);
    const signer = nativeSigner(authorSecret(number));
    const { lei } = home.genesis.record.parties.find(({ keys }) =>
      keys.some((key) => toHex(key) === toHex(signer.publicKey)),
    )!;
    await enrolDevices(home, DEVICES, labelKey(home.genesis.network, 'lei', lei), signer);
    const api = await startGateway(processes, home, folder, broker.url, authorSecret(number));
    const observe = (): Promise<Sample> => sampleGateway(api, processes.pid(NAME)!);
    const steps: Step[] = [];
    let published = 0;
    for (const perS of [0, ...rates]) {
      say(perS === 0 ? 'idle …' : `${perS.toLocaleString('en-US')} readings/s …`);
      const before = published;
      const samples: Sample[] = [await observe()];
      const publishing = perS === 0 ? pause(stepMs) : publish(broker.url, perS, stepMs, before);
      let isOver = false;
      const sampling = (async () => {
        for (; !isOver; await pause(SAMPLE_EVERY_MS)) samples.push(await observe());
      })();
      published += (await publishing) ?? 0;
      isOver = true;
      await sampling;
      await until(
        async () => (await observe()).status.readings.final >= published,
        FINAL_WITHIN_MS,
        `all ${published} readings are final`,
      );
      const last = await observe();
      if (last.status.readings.final !== published)
        faults.push(`${published} readings were published, ${last.status.readings.final} are final`);
      steps.push({ perS, published: published - before, samples, last });
    }
    return { steps, faults: [...faults, ...cluster.deaths] };
  } finally {
    await processes.stop();
    await broker.close();
    await cluster.stop();
  }
}

interface Api {
  readonly url: string;
  readonly token: string;
}

/** Resolves to its API once readings come in and become final. */
async function startGateway(
  processes: Processes,
  { validators, passphrase }: ClusterHome,
  folder: string,
  mqttUrl: string,
  seed: Uint8Array,
): Promise<Api> {
  const home = join(folder, NAME);
  await mkdir(home);
  await createKeyFile(join(home, 'key.age'), passphrase, { workFactor: WORK_FACTOR, seed });
  const [apiPort] = (await freePorts(1)) as [number];
  const nodes = validators.slice(0, 2).map(({ key, p2pPort }) => ({ key, address: addressOf(p2pPort) }));
  const configFile = join(home, 'config.toml');
  const values = { name: NAME, nodes, mqttUrl, genesisFile: '../genesis.json', apiPort };
  await writeFile(configFile, gatewayConfigToml(values));
  processes.start({
    ...{ name: NAME, args: ['gateway', '--config', configFile] },
    ...{ env: { TALLY_PASSPHRASE: passphrase }, logFile: join(home, 'log.txt') },
  });
  const url = `http://127.0.0.1:${apiPort}`;
  const isUp = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(isUp, UP_WITHIN_MS, 'the gateway is ready');
  return { url, token: (await readFile(join(home, 'api-token'), 'utf8')).trim() };
}

/** Resolves with how many readings the broker has. `first`: how many there were before. */
async function publish(url: string, perS: number, stepMs: number, first: number): Promise<number> {
  const startMs = Date.now();
  const frames = function* (): Iterable<UnsignedFrame> {
    const total = Math.round((perS * stepMs) / 1_000);
    for (let i = 0; i < total; i++)
      yield {
        ...{ device: DEVICES[i % DEVICES.length]!, session: '', counter: first + i },
        time: startMs + Math.round((1_000 * i) / perS),
        readings: [{ quantity: 'temperature', value: decimalOf(4 + (i % 50) / 10)! }],
      };
  };
  return publishFrames(frames(), { url, speed: 1, inFlightMax: 1_000 });
}

async function sampleGateway({ url, token }: Api, pid: number): Promise<Sample> {
  const response = await fetch(`${url}/v1/status`, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`the gateway's status: ${response.status} ${await response.text()}`);
  const status = (await response.json()) as GatewayStatus;
  return { atMs: Date.now(), status, kernel: await askKernel(pid) };
}

function figuresOf({ perS, published, samples, last }: Step) {
  const first = samples[0]!;
  const rss = samples.map(({ status }) => status.memory.rssBytes);
  const bytesOf = ({ status: { bytes } }: Sample): number => bytes.sent + bytes.received;
  const [before, after] = [first.kernel, last.kernel];
  const own = samples.flatMap(({ kernel }) => kernel?.ownBytes ?? []);
  const vertices = last.status.vertices.final - first.status.vertices.final;
  return {
    ...{ perS, published, vertices },
    rssBytes: quantile(rss, 0.5)!,
    rssBytesMost: Math.max(...rss),
    ownBytes: quantile(own, 0.5) ?? null,
    heapBytes: quantile(
      samples.map(({ status }) => status.memory.heapBytes),
      0.5,
    )!,
    cpuMsPerS:
      before === undefined || after === undefined
        ? null
        : rounded((1_000 * (after.cpuMs - before.cpuMs)) / (last.atMs - first.atMs), 1),
    bytesPerReading: published === 0 ? null : Math.round((bytesOf(last) - bytesOf(first)) / published),
    p95Ms: published === 0 ? null : last.status.finality.p95Ms,
  };
}

function baselineTable(base: readonly number[]): Table {
  return {
    title: 'Before a gateway does anything',
    columns: ['loaded', 'MiB resident'],
    rows: baselines.map(({ name }, i) => [name, Math.round(base[i]! / MIB)]),
  };
}

function stepTable(rows: readonly ReturnType<typeof figuresOf>[]): Table {
  return {
    title: 'The gateway’s process',
    columns: [
      ...['readings/s', 'vertices', 'MiB resident', 'most', 'of its own', 'heap'],
      ...['CPU ms/s', 'bytes a reading', 'p95 ms'],
    ],
    rows: rows.map((row) => [
      ...[row.perS, row.vertices, Math.round(row.rssBytes / MIB), Math.round(row.rssBytesMost / MIB)],
      ...[row.ownBytes === null ? '?' : Math.round(row.ownBytes / MIB), Math.round(row.heapBytes / MIB)],
      ...[row.cpuMsPerS ?? '?', row.bytesPerReading ?? '', row.p95Ms ?? ''],
    ]),
  };
}

function plotOf(steps: readonly Step[]): Plot {
  const startMs = steps[0]!.samples[0]!.atMs;
  return {
    ...{ id: 'memory', title: 'Resident memory of the gateway', xName: 'seconds', yName: 'MiB' },
    series: steps.map(({ perS, samples }) => ({
      name: `${perS} readings/s`,
      points: samples.map(
        ({ atMs, status }) => [(atMs - startMs) / 1_000, status.memory.rssBytes / MIB] as const,
      ),
    })),
  };
}
