/** What a network costs as it grows: by full nodes, and by devices that author. */

import { defaultSettings, type Settings } from '../settings.ts';
import { type Cell, type Experiment, type Findings, type Rule, rounded } from './experiment.ts';
import { type Measured, measureApart } from './measured-run.ts';
import { growthExponent } from './statistics.ts';

const NODES = [10, 30, 100, 300, 1_000] as const;
const VALIDATORS_MAX = 31;
const MINUTE_MS = 60_000;
const VERTICES_PER_S = 5;
/** A network of this size is not in a hurry: 31 seats that witness every 100 ms are most of all vertices. */
const pace = { witnessIntervalMs: 2_000, checkpointIntervalMs: 2_000 };
/** A device speaks once in ten seconds. */
const DEVICE_PER_S = 0.1;
const DEVICES = [10, 50, 100, 200, 400] as const;
const DEVICE_NODES = 10;

interface Traffic {
  readonly messages: number;
  readonly bytes: number;
}

function settingsOf(nodes: number, verticesPerS: number): Settings {
  return {
    ...defaultSettings,
    ...{ nodes, validators: Math.min(nodes, VALIDATORS_MAX), durationMs: MINUTE_MS, pace },
    load: { verticesPerS, pledgeRacesPerMin: 0 },
  };
}

async function measure(settings: Settings, everySignature: boolean): Promise<Measured & { sums: Traffic }> {
  const measured = await measureApart({ settings, seed: 1, everySignature });
  if (measured.verdict !== 'passed')
    throw new Error(`the run of ${settings.nodes} nodes did not pass: ${measured.verdict}`);
  let [messages, bytes] = [0, 0];
  for (const traffic of Object.values(measured.traffic)) {
    messages += traffic.messages;
    bytes += traffic.bytes;
  }
  return { ...measured, sums: { messages, bytes } };
}

async function findScale(say: (progress: string) => void): Promise<Findings> {
  const rows: Cell[][] = [];
  const points: { nodes: number; bytes: number; cpuMs: number; perVertex: number }[] = [];
  for (const nodes of NODES) {
    say(`${nodes} nodes`);
    const settings = settingsOf(nodes, VERTICES_PER_S);
    const { heights, vertices, sums, wallMs, cpuMs, rssBytes, events } = await measure(settings, false);
    const perVertex = sums.bytes / nodes / vertices.final;
    points.push({ nodes, bytes: sums.bytes, cpuMs, perVertex });
    rows.push([
      ...[nodes, settings.validators, heights, vertices.final, events],
      ...[rounded(wallMs / 1_000, 1), rounded(cpuMs / 1_000, 1), rounded(rssBytes / 2 ** 20)],
      ...[rounded(sums.messages / nodes), rounded(sums.bytes / nodes / 1_000)],
      ...[rounded(sums.messages / nodes / vertices.final, 1), rounded(perVertex)],
      rounded((cpuMs * 1_000) / nodes / vertices.final),
    ]);
  }
  // The committee is the same only from 100 nodes on; below, it grows with the network.
  const full = points.filter(({ nodes }) => nodes > VALIDATORS_MAX);
  const exponentOf = (of: (point: (typeof points)[number]) => number) =>
    rounded(growthExponent(full.map((point) => ({ x: point.nodes, y: of(point) }))), 2);

  const devices: Cell[][] = [];
  const marginal: number[] = [];
  let before: { count: number; bytes: number; cpuMs: number } | undefined;
  const growth: { x: number; y: number }[] = [];
  for (const count of DEVICES) {
    say(`${count} devices`);
    const { sums, cpuMs } = await measure(settingsOf(DEVICE_NODES, count * DEVICE_PER_S), true);
    const now = { count, bytes: sums.bytes / DEVICE_NODES, cpuMs: cpuMs / DEVICE_NODES };
    growth.push({ x: count, y: now.bytes });
    const added = before && now.count - before.count;
    const bytesPerDevice = before && (now.bytes - before.bytes) / added!;
    if (bytesPerDevice !== undefined) marginal.push(bytesPerDevice);
    devices.push([
      ...[count, rounded(now.bytes / 1_000), rounded(now.cpuMs)],
      bytesPerDevice === undefined ? '' : rounded(bytesPerDevice),
      before === undefined ? '' : rounded((now.cpuMs - before.cpuMs) / added!, 2),
    ]);
    before = now;
  }
  const spread = Math.max(...marginal) / Math.min(...marginal) - 1;
  const rules: Rule[] = [
    {
      rule: '1,000 full nodes with 31 validators run for one minute of virtual time, and pass',
      measured: `${rows.at(-1)![5]} s of wall time, ${rows.at(-1)![7]} MiB`,
      holds: points.at(-1)?.nodes === 1_000,
    },
    {
      rule: 'bytes for each vertex and node do not grow with the network: exponent below 0.1 from 100 nodes on',
      measured: String(exponentOf(({ perVertex }) => perVertex)),
      holds: exponentOf(({ perVertex }) => perVertex) < 0.1,
    },
  ];
  return {
    conditions: [
      `Virtual time: one minute, and what it takes to settle; links of 5 to 40 ms one way; ${VERTICES_PER_S} empty vertices a second over all nodes, no pledges;`,
      `up to ${VALIDATORS_MAX} seats; witnesses and checkpoints every 2 s; each node beyond the seats keeps four links to earlier ones.`,
      'Messages and bytes are those sent, without the headers of TCP, Noise and libp2p. Wall and CPU time are the whole simulation’s: noisy.',
      `Devices: ${DEVICE_NODES} nodes, all of them seats; a device authors one vertex in 10 s; every signature is checked at every node.`,
    ],
    tables: [
      {
        title: 'One minute by the number of full nodes',
        columns: [
          ...['nodes', 'seats', 'checkpoints', 'vertices', 'events', 'wall s', 'CPU s', 'MiB'],
          ...['messages a node', 'kB a node', 'messages a node and vertex', 'bytes a node and vertex'],
          'CPU µs a node and vertex',
        ],
        rows,
      },
      {
        title: 'Growth with the number of nodes, from 100 on: y = c · nodes^e',
        columns: ['y', 'e'],
        rows: [
          ['bytes of all nodes', exponentOf(({ bytes }) => bytes)],
          ['bytes a node and vertex', exponentOf(({ perVertex }) => perVertex)],
          ['CPU of the whole simulation', exponentOf(({ cpuMs }) => cpuMs)],
        ],
      },
      {
        title: `One minute by the number of devices; bytes and CPU of one node (greatest over least marginal bytes: +${rounded(spread * 100)} %)`,
        columns: ['devices', 'kB a node', 'CPU ms a node', 'bytes for one more', 'CPU ms for one more'],
        rows: devices,
      },
      {
        title: 'Growth with the number of devices',
        columns: ['y', 'e'],
        rows: [['bytes a node', rounded(growthExponent(growth), 2)]],
      },
    ],
    rules,
  };
}

export const scale: Experiment = {
  name: 'scale',
  summary: 'what a network of 10 to 1,000 full nodes costs to run, and one more device',
  run: findScale,
};
