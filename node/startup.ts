/** What can keep a node from starting: errors that name the file or the address, and what to do. */

import { readFile } from 'node:fs/promises';
import { type Genesis, parseGenesis } from '../consensus/checkpoint/genesis.ts';
import { describeRefusal } from '../consensus/codec/result.ts';
import type { Json } from '../consensus/codec/schema.ts';
import { DiskBudgetSpent } from './level/disk-plan.ts';
import { StoreDamage } from './level/records.ts';
import type { AuditedStore } from './level/store.ts';

/** How a node ended, as the process's exit code. */
export const exitCodes = {
  stopped: 0,
  /** It is wrong about the ledger `[BFT-3]`, or about itself. */
  wrong: 70,
  /** Its disk failed, or what it holds is damaged. */
  storeFailed: 74,
  /** Its disk budget is used up `[STO-3]`. */
  budgetSpent: 78,
} as const;

export class StartError extends Error {
  override readonly name = 'StartError';
  /** The process's, when it ends by this. */
  readonly exitCode: number;

  constructor(message: string, options?: ErrorOptions & { readonly exitCode?: number }) {
    super(message, options);
    this.exitCode = options?.exitCode ?? 1;
  }
}

export async function readGenesis(file: string): Promise<Genesis> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new StartError(
      `${file}: cannot read the genesis: ${(cause as Error).message}; every node of a network starts from the same file`,
      { cause },
    );
  });
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (cause) {
    throw new StartError(`${file}: not JSON: ${(cause as Error).message}`, { cause });
  }
  const genesis = parseGenesis(json);
  if (!genesis.ok) throw new StartError(`${file}: not a good genesis: ${describeRefusal(genesis)}`);
  return genesis.value;
}

/** The store is in use, or damaged: a node never begins on what it cannot trust. */
export function cannotOpen(cause: Error): never {
  const damaged = cause instanceof StoreDamage || cause.message.startsWith('broken invariant');
  const advice = damaged
    ? '; the node does not start on a damaged store. Put back a backup, or put the folder aside, and say so with --restored: the node fetches the rest from the others, and is silent until that is safe'
    : '';
  throw new StartError(`${cause.message}${advice}`, { cause, exitCode: damaged ? exitCodes.storeFailed : 1 });
}

/** The store takes more than its budget, and nothing more may go. */
export function cannotFit(cause: Error): never {
  if (!(cause instanceof DiskBudgetSpent)) throw cause;
  throw new StartError(cause.message, { cause, exitCode: exitCodes.budgetSpent });
}

/** Read whole at every start: it takes less than a second. */
const AUDITED_BYTES_MAX = 64 << 20;
const FAULTS_SHOWN = 5;

/** Reads a small store whole, or any when `always`, and refuses to start on one that is not what was written (R007). */
export async function auditStore(store: AuditedStore, always: boolean): Promise<void> {
  if (!always && (await store.size()) > AUDITED_BYTES_MAX) return;
  const { faults } = await store.audit().catch(cannotOpen);
  if (faults.length === 0) return;
  const shown = faults.slice(0, FAULTS_SHOWN).join('\n  ');
  cannotOpen(new StoreDamage(`${faults.length} faults in the store:\n  ${shown}\n`));
}

/** The port is taken, or the address is not this machine's: for its operator to mend. */
export function cannotJoin(cause: Error): never {
  if (cause instanceof StartError) throw cause;
  throw new StartError(`cannot join by a snapshot: ${cause.message}`, { cause });
}

export function cannotListen(where: string): (cause: Error) => never {
  return (cause) => {
    const { code, message } = cause as NodeJS.ErrnoException;
    const known =
      code === 'EADDRINUSE' ||
      code === 'EADDRNOTAVAIL' ||
      code === 'EACCES' ||
      cause.name === 'UnsupportedListenAddressesError';
    if (!known) throw cause;
    throw new StartError(
      `cannot listen ${where}: ${
        message
          .split('\n')
          .map((line) => line.trim())
          .find((line) => line.includes('listen E')) ?? message
      }`,
      { cause },
    );
  };
}
