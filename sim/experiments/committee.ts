/** What a checkpoint costs by the size of the committee: messages and bytes by kind, processor time, size of its proof. */

import { certificateSchema } from '../../consensus/checkpoint/certificate.ts';
import { headerSchema } from '../../consensus/checkpoint/header.ts';
import { run } from '../run.ts';
import { defaultSettings, type Settings } from '../settings.ts';
import type { World } from '../world.ts';
import { type Cell, type Experiment, type Findings, rounded } from './experiment.ts';
import { type Measured, measureApart } from './measured-run.ts';

/** `cpuMs`: of the run for processor time, in which every node checks every signature. */
const COMMITTEES = [
  { seats: 4, loadedMs: 20_000, cpuMs: 10_000 },
  { seats: 7, loadedMs: 20_000, cpuMs: 8_000 },
  { seats: 10, loadedMs: 20_000, cpuMs: 6_000 },
  { seats: 16, loadedMs: 10_000, cpuMs: 4_000 },
  { seats: 31, loadedMs: 6_000, cpuMs: 3_000 },
] as const;
const LOAD_PER_S = 10;
const HOUR_MS = 3_600_000;
/** Simulated of an idle hour: each minute of it is like any other. */
const IDLE_MS = HOUR_MS / 6;

function settingsOf(seats: number, durationMs: number, verticesPerS: number): Settings {
  const load = { verticesPerS, pledgeRacesPerMin: 0 };
  return { ...defaultSettings, nodes: seats, validators: seats, durationMs, load };
}

/** Bytes of a header, and of a certificate with as many signatures as it came with. */
async function proofBytes(seats: number): Promise<Cell[]> {
  let world: World | undefined;
  await run(settingsOf(seats, 3_000, LOAD_PER_S), 1, {
    prepare: (prepared) => {
      world = prepared;
    },
  });
  const { header, certificate } = world!.nodes[0]!.runner!.replica.ledger;
  if (certificate === undefined) throw new Error('nothing was certified');
  return [
    headerSchema.encode(header).length,
    certificateSchema.encode(certificate).length,
    certificate.quorum.signatures.length,
  ];
}

function total({ traffic }: Measured): { messages: number; bytes: number } {
  const sum = { messages: 0, bytes: 0 };
  for (const { messages, bytes } of Object.values(traffic)) {
    sum.messages += messages;
    sum.bytes += bytes;
  }
  return sum;
}

async function findCommittee(say: (progress: string) => void): Promise<Findings> {
  const loaded: Cell[][] = [];
  const kinds: Cell[][] = [];
  const idle: Cell[][] = [];
  for (const { seats, loadedMs, cpuMs } of COMMITTEES) {
    say(`n = ${seats}, under load`);
    const busy = await measureApart({
      settings: settingsOf(seats, loadedMs, LOAD_PER_S),
      seed: 1,
      everySignature: false,
    });
    say(`n = ${seats}, processor time`);
    const alone = await measureApart({
      settings: settingsOf(seats, cpuMs, LOAD_PER_S),
      seed: 1,
      everySignature: true,
    });
    const sums = total(busy);
    loaded.push([
      seats,
      busy.heights,
      rounded(busy.vertices.final / busy.heights, 1),
      rounded(sums.messages / busy.heights),
      rounded(sums.bytes / busy.heights / 1_000),
      rounded(alone.cpuMs / alone.heights / seats, 1),
      ...(await proofBytes(seats)),
    ]);
    for (const [kind, { messages, bytes }] of Object.entries(busy.traffic))
      kinds.push([seats, kind, rounded(messages / busy.heights, 1), rounded(bytes / busy.heights)]);
    say(`n = ${seats}, idle`);
    const quiet = await measureApart({
      settings: settingsOf(seats, IDLE_MS, 0),
      seed: 1,
      everySignature: false,
    });
    const hours = IDLE_MS / HOUR_MS;
    const quietSums = total(quiet);
    idle.push([
      seats,
      rounded(quiet.heights / hours),
      rounded(quietSums.messages / hours / seats),
      rounded(quietSums.bytes / hours / seats / 1_000),
      rounded(quietSums.bytes / hours / 1_000_000, 1),
    ]);
    for (const { verdict } of [busy, alone, quiet])
      if (verdict !== 'passed') throw new Error(`a run with n = ${seats} did not pass: ${verdict}`);
  }
  return {
    conditions: [
      `Virtual time; every node has a seat; links of 5 to 40 ms one way; default pace; ${LOAD_PER_S} empty vertices a second, no pledges.`,
      'Messages and bytes are those of all nodes together, without the headers of TCP, Noise and libp2p; gossip counts each copy on each link.',
      `Under load for ${COMMITTEES.map(({ seats, loadedMs }) => `${loadedMs / 1_000} s at n = ${seats}`).join(', ')}.`,
      'CPU: processor time of one node, with every signature checked at every node, and the simulator’s own work in it.',
      `Idle: ${IDLE_MS / 60_000} minutes simulated, times ${HOUR_MS / IDLE_MS}.`,
    ],
    tables: [
      {
        title: 'Under load, for each checkpoint',
        columns: [
          ...['n', 'checkpoints', 'vertices', 'messages', 'kB', 'CPU ms a node'],
          ...['header bytes', 'certificate bytes', 'signatures'],
        ],
        rows: loaded,
      },
      { title: 'The same by kind', columns: ['n', 'kind', 'messages', 'bytes'], rows: kinds },
      {
        title: 'An idle hour',
        columns: ['n', 'heartbeats', 'messages a node', 'kB a node', 'MB of all'],
        rows: idle,
      },
    ],
    rules: [],
  };
}

export const committee: Experiment = {
  name: 'committee',
  summary: 'messages, bytes and processor time of a checkpoint, by the size of the committee',
  run: findCommittee,
};
