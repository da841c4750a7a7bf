/** `state`, `halt`, `semantics` and `time`: what an honest node's ledger holds, and whether it may stop over it. */

import type { Header } from '../../consensus/checkpoint/header.ts';
import { equalBytes } from '../../consensus/codec/bytes.ts';
import { findBreaches, findRewrites } from '../../consensus/contracts/invariants.ts';
import type { StoredObject } from '../../consensus/contracts/object.ts';
import type { LedgerState } from '../../consensus/contracts/state.ts';
import { broken, diverged, type Finding } from './finding.ts';

/** How far an honest clock may be ahead while faults set it. */
const CLOCK_FAULT_MS = 3_000;

/** A node's state has the certified root. */
export function checkState(
  name: string,
  root: Uint8Array,
  { height, stateRoot }: Header,
): Finding | undefined {
  if (equalBytes(root, stateRoot)) return undefined;
  return diverged('state', `${name}'s state is not the certified one at height ${height}`);
}

/** An honest node stopped of its own accord, which it never may: over a difference `[BFT-3]`, or over anything else. */
export function judgeHalt(name: string, error: Error): Finding {
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  const what = `${name} halted: ${error.message}${cause}`;
  const isDifference = /^(own execution disagrees|two certified headers)/.test(error.message);
  return isDifference ? diverged('state', what) : broken('halt', what);
}

/** No checkpoint is further ahead of virtual time than clocks may be `[CKP-3]`. */
export function checkTime(
  { height, time }: Header,
  nowMs: number,
  clockAheadMs: number,
): Finding | undefined {
  const aheadMs = time - nowMs;
  if (aheadMs <= clockAheadMs + CLOCK_FAULT_MS) return undefined;
  return broken('time', `height ${height} is ${Math.round(aheadMs)} ms ahead of time`);
}

/** The invariants of the contracts: what a state may be, and what it may become. */
export class Semantics {
  #before: readonly StoredObject[];

  constructor(genesis: LedgerState) {
    this.#before = [...genesis.objects()];
  }

  check(name: string, state: LedgerState): Finding | undefined {
    const objects = [...state.objects()];
    const [breach] = [...findBreaches(state), ...findRewrites(this.#before, objects)];
    this.#before = objects;
    return breach && broken(`semantics ${breach.invariant}`, `${name}: ${breach.what}`);
  }
}
