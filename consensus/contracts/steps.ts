/**
 * `[CTR-30]` What one call may cost, counted in steps: whatever a contract goes through, it has read, written, been shown or
 * asked to try, and each of these is counted where it comes in. Like the state, the count is the same on every node.
 */

import type { ContractRefusal } from './transition.ts';
import { refused } from './transition.ts';

/** Some twenty milliseconds of work on a small machine; the most that any passing case takes is a tenth of it. */
export const stepsMax = 20_000;
/** A signature, or a reading's proof with the hashes on its path. */
export const PROOF_STEPS = 100;
/** So many bytes that are read, written or given as arguments are one step: no element of a list is shorter than half. */
const BYTES_PER_STEP = 16;

/** Thrown by the meter, caught by the engine alone: a contract that has no steps left is left at once. */
class OutOfSteps extends Error {}

export class StepMeter {
  #taken = 0;

  get taken(): number {
    return this.#taken;
  }

  /** Counts `steps`, and ends the run where they are more than are left. */
  readonly take = (steps: number): void => {
    this.#taken += steps;
    if (this.#taken > stepsMax) throw new OutOfSteps();
  };

  /** Counts something of so many bytes that is looked up or put. */
  takeBytes(bytes: number): void {
    this.take(1 + Math.ceil(bytes / BYTES_PER_STEP));
  }

  /** Runs `contract`; the refusal E_STEPS when it asks for more than it has. */
  run<T>(contract: () => T): T | ContractRefusal {
    try {
      return contract();
    } catch (error) {
      if (error instanceof OutOfSteps) return refused('E_STEPS', { most: stepsMax });
      throw error;
    }
  }
}
