/** What a node reads before it starts: its key and its genesis. Errors name the file and what to do. */

import { readFile } from 'node:fs/promises';
import { type Genesis, parseGenesis } from '../consensus/checkpoint/genesis.ts';
import { describeRefusal } from '../consensus/codec/result.ts';
import type { Json } from '../consensus/codec/schema.ts';

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
