/** `tally bench peers`: the same job on Tallystick and on CometBFT, in turns. docs/spec/bench.md. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { installNativePrimitives } from '../../node/crypto/native.ts';
import type { Plan } from '../cluster/steps.ts';
import { measureLaneLimit } from '../limit/lane-limit.ts';
import type { Limit } from '../limit/limit.ts';
import { readConditions } from '../output/conditions.ts';
import type { Findings } from '../output/findings.ts';
import { inScratch } from '../output/scratch.ts';
import { cometVersion, findChecked, findComet } from './binary.ts';
import type { AppliedSetting } from './comet.ts';
import { peersFigures } from './peers-figures.ts';
import { RECORD_BYTES } from './record.ts';
import { CHECKED, type PeerCase, peerCases } from './settings.ts';
import { cometTurn, type Turn, tallyTurn } from './turns.ts';

export interface PeersBenchOptions {
  readonly script: string;
  readonly validators: number;
  readonly generators: number;
  readonly rounds: number;
  readonly isQuick: boolean;
  readonly directory: string | undefined;
  /** Else it is looked for. */
  readonly binary: string | undefined;
}

const noMore = { latencyParts: [0.5, 0.9], readings: [], readingsParts: [], readingsMs: 0, baseReadings: 0 };
const fullPlan: Plan = {
  warmUpMs: 10_000,
  ladder: { fromPerS: 250, factor: 1.5, stepMs: 10_000, patience: 2 },
  latencyMs: 12_000,
  ...noMore,
};
const quickPlan: Plan = {
  warmUpMs: 5_000,
  ladder: { fromPerS: 500, factor: 1.5, stepMs: 6_000, patience: 2 },
  latencyMs: 6_000,
  ...noMore,
};

/** Throws `PeerMissingError` before anything else is done. */
export async function benchPeers(options: PeersBenchOptions, say: (text: string) => void): Promise<Findings> {
  const binary = options.binary ?? (await findComet());
  installNativePrimitives();
  return inScratch(options.directory, async (scratch) => {
    let isGood = false;
    try {
      const findings = await runPeers(options, binary, scratch.folder, say);
      isGood = findings.faults.length === 0;
      return findings;
    } finally {
      if (!isGood) {
        scratch.keep();
        say(`the networks’ files stay in ${scratch.folder}`);
      }
    }
  });
}

async function runPeers(
  options: PeersBenchOptions,
  binary: string,
  directory: string,
  say: (text: string) => void,
): Promise<Findings> {
  const { script, validators, generators, rounds, isQuick } = options;
  const conditions = await readConditions(directory);
  const version = await cometVersion(binary);
  const checked = await findChecked(directory, say);
  const plan = isQuick ? quickPlan : fullPlan;
  const turns: Turn[] = [];
  const applied = new Map<string, readonly AppliedSetting[]>();
  const take = async (name: string, work: (folder: string) => Promise<Turn>): Promise<void> => {
    const folder = join(directory, `turn-${turns.length + 1}`);
    say(`turn ${turns.length + 1}: ${name}`);
    const turn = await work(folder);
    turns.push(turn);
    if (turn.faults.length === 0) await rm(folder, { recursive: true, force: true });
  };
  const common = { validators, generators, plan, say };
  const peerTurn = (peerCase: PeerCase, round: number): Promise<void> =>
    take(`CometBFT, ${peerCase.name}`, async (folder) => {
      const program = peerCase.checksSignatures ? checked! : binary;
      const done = await cometTurn(peerCase, round, program, { ...common, folder });
      applied.set(peerCase.name, done.applied);
      return done.turn;
    });
  const cases = peerCases.filter(({ checksSignatures }) => !checksSignatures || checked !== undefined);
  const limits: Limit[] = [];
  for (let round = 1; round <= rounds; round++) {
    say('the limit …');
    limits.push(await measureLaneLimit(join(directory, 'limit')));
    await take('Tallystick', (folder) => tallyTurn(round, script, { ...common, folder }));
    for (const peerCase of cases) if (peerCase.isInEveryRound) await peerTurn(peerCase, round);
  }
  for (const peerCase of cases) if (!peerCase.isInEveryRound) await peerTurn(peerCase, 1);
  return {
    ...{ bench: 'peers', conditions, faults: turns.flatMap(({ faults }) => faults) },
    settings: {
      validators,
      generators,
      rounds,
      quick: isQuick,
      cometbft: version,
      recordBytes: RECORD_BYTES,
    },
    ...peersFigures({ turns, applied, limits, validators }),
    notes: [
      `Validators, load generators and this command share ${conditions.cores} cores. Finality: from due to the header shown to the lane by its own validator.`,
      `CometBFT ${version} with kvstore, which keeps its state in memory; the blocks are synced to disk. Tallystick’s validators verify every record’s signature, each. At CometBFT ${checked === undefined ? 'none' : `those of “${CHECKED}” do`}.`,
      `A record is ${RECORD_BYTES} bytes at CometBFT, and a vertex of 323 bytes at Tallystick: the larger record favours CometBFT.`,
    ],
  };
}
