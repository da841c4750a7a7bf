/**
 * One call of each transition that takes effect, with the state it runs on: taken from the passing cases of
 * consensus/test/cases, as they run. The cases are tests: they are there in a checkout, not in an installed package.
 */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CallEnvironment } from '../consensus/contracts/engine.ts';
import type { LedgerState } from '../consensus/contracts/state.ts';
import type { SignedCall } from '../consensus/vertex/call.ts';

export interface ContractSample {
  readonly transition: string;
  readonly call: SignedCall;
  /** Before the call. */
  readonly state: LedgerState;
  readonly environment: CallEnvironment;
}

/** Between two checkpoints of the tests' world. */
const STEP_MS = 250;

/** What is used here of the tests' world and cases. */
interface World {
  readonly state: LedgerState;
  height: number;
  time: number;
  fork(): World;
  environment(): CallEnvironment;
}
interface WorldModule {
  readonly World: { onExecute: (world: World, call: SignedCall) => void };
}
interface CasesModule {
  gatherCases(): Promise<readonly { readonly transition: string; readonly code: string; run(): unknown }[]>;
}

/** Throws where the compiled cases are not there. */
export async function gatherSamples(): Promise<readonly ContractSample[]> {
  const folder = new URL('../consensus/test/', import.meta.url);
  const [worldFile, casesFile] = ['contract-world.js', 'contract-coverage.js'].map(
    (name) => new URL(name, folder),
  );
  if (!existsSync(fileURLToPath(casesFile!)))
    throw new Error('the cases are not here: run this in a source checkout, after npm ci');
  const { World } = (await import(worldFile!.href)) as WorldModule;
  const { gatherCases } = (await import(casesFile!.href)) as CasesModule;
  const samples = new Map<string, ContractSample>();
  let last: ContractSample | undefined;
  const before = World.onExecute;
  World.onExecute = (world, call) => {
    const forked = world.fork();
    // As the world does before it runs the call: in a checkpoint of its own, a moment later.
    forked.height += 1;
    forked.time += STEP_MS;
    last = {
      ...{ transition: call.header.transition, call },
      ...{ state: forked.state, environment: forked.environment() },
    };
  };
  try {
    for (const { transition, code, run } of await gatherCases()) {
      if (code !== 'OK' || samples.has(transition)) continue;
      last = undefined;
      run();
      // Cases of genesis or of whole networks run elsewhere, and leave nothing here.
      const found = last as ContractSample | undefined;
      if (found?.transition === transition) samples.set(transition, found);
    }
  } finally {
    World.onExecute = before;
  }
  return [...samples.values()];
}
