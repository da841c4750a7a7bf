/**
 * Child of the flip test: flips one byte at a time in copies of a store and says what came of it. In a process of
 * its own because LevelDB answers some damage with an assertion, which ends the process.
 */

import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stampOf } from '../level/stamp.ts';
import { openStore } from '../level/store.ts';
import { dumpStore } from './store-samples.ts';

const PLACES_PER_FILE = Number(process.env.TALLY_FLIPS_PER_FILE ?? 24);

/** Stands for the stamp, which lies beside the folder. */
const STAMP = '';

function pathIn(directory: string, file: string): string {
  return file === STAMP ? stampOf(directory) : join(directory, file);
}

/** Copies a store with its stamp, over what may be there. */
export function copyStore(origin: string, copy: string): void {
  rmSync(copy, { recursive: true, force: true });
  cpSync(origin, copy, { recursive: true });
  cpSync(stampOf(origin), stampOf(copy));
}

/** Every file that matters and places in it, evenly: the same in every run. */
export function placesOf(directory: string): { file: string; at: number }[] {
  const files = readdirSync(directory).filter((name) => /\.(ldb|log)$|^(CURRENT|MANIFEST)/.test(name));
  return [...files, STAMP].flatMap((file) => {
    const { size } = statSync(pathIn(directory, file));
    const count = Math.min(PLACES_PER_FILE, size);
    return Array.from({ length: count }, (_, place) => ({ file, at: Math.floor((place * size) / count) }));
  });
}

export function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at]! ^= 0x10;
  return copy;
}

/** A digest of everything the store answers, or `refused`. */
export async function digestStore(directory: string, vertices: number, heights: number): Promise<string> {
  try {
    const store = await openStore(directory, { firstStart: true });
    try {
      if ((await store.audit()).faults.length > 0) return 'refused';
      return createHash('sha256')
        .update(await dumpStore(store, vertices, heights))
        .digest('hex');
    } finally {
      await store.close();
    }
  } catch {
    return 'refused';
  }
}

async function flipAll(origin: string, copy: string, from: number): Promise<void> {
  for (const { file, at } of placesOf(origin).slice(from)) {
    copyStore(origin, copy);
    const path = pathIn(copy, file);
    writeFileSync(path, flipped(readFileSync(path), at));
    process.stdout.write(`${await digestStore(copy, 17, 4)}\n`);
  }
}

if (process.argv[2] === 'flip-all')
  await flipAll(process.argv[3]!, process.argv[4]!, Number(process.argv[5]));
