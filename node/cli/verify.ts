/** `tally verify`: checks a proof bundle offline. Exit 0 when it is valid, 2 for wrong usage, 1 otherwise. */

import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { type Genesis, parseGenesis } from '../../consensus/checkpoint/genesis.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { transitions } from '../../consensus/contracts/index.ts';
import {
  type Acquaintance,
  acquaintanceSchema,
  decodeAcquaintance,
} from '../../light-client/verify/acquaintance.ts';
import { verifyBundle } from '../../light-client/verify/verify.ts';
import { CliError, exits } from './exit-codes.ts';

interface VerifyFlags {
  readonly genesis: string;
  readonly maxAge?: string;
  readonly known?: string;
  readonly show?: boolean;
  readonly json?: boolean;
}

const sentences = {
  valid: 'VALID',
  invalid: 'NOT VALID',
  unanchored: 'NOT TO BE RELIED ON: the proof holds, but the trust root does not reach it',
} as const;

export function registerVerify(program: Command): void {
  program
    .command('verify')
    .description('check a proof bundle offline, with no network and no node')
    .argument('<file>', 'the proof bundle')
    .requiredOption('--genesis <file>', 'genesis of the network: the trust root')
    .option('--max-age <minutes>', 'refuse a certificate that is older, E_STALE')
    .option(
      '--known <file>',
      'what is remembered of the network: a committee that is known to be over is not believed; kept up to date',
    )
    .option('--show', 'print the whole bundle for people')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 valid, 1 not valid, not to be relied on or not readable, 2 wrong usage',
    )
    .action(async (file: string, flags: VerifyFlags) => {
      try {
        process.exitCode = await verifyFile(file, flags);
      } catch (error) {
        process.stderr.write(`tally verify: ${(error as Error).message}\n`);
        process.exitCode = error instanceof CliError ? error.exitCode : exits.failed;
      }
    });
}

async function verifyFile(
  file: string,
  { genesis: genesisFile, maxAge, known: knownFile, show = false, json = false }: VerifyFlags,
): Promise<number> {
  if (maxAge !== undefined && !/^\d{1,9}$/.test(maxAge))
    throw new CliError(exits.usage, `--max-age ${maxAge}: expected whole minutes, such as 60`);
  const maxAgeMs = maxAge === undefined ? undefined : Number(maxAge) * 60_000;
  const genesis = await readGenesis(genesisFile);
  const bundle = await readFile(file).catch((cause) => {
    throw new Error(`${file}: cannot be read: ${(cause as Error).message}`, { cause });
  });
  const before = knownFile === undefined ? undefined : await readKnown(knownFile);
  const { shown, known, ...verification } = verifyBundle(new Uint8Array(bundle), genesis, {
    ...{ nowMs: Date.now(), maxAgeMs, declarations: transitions, known: before },
  });
  if (knownFile !== undefined && known !== undefined && known !== before) await writeKnown(knownFile, known);
  if (json)
    process.stdout.write(
      `${JSON.stringify({ file, ...verification, ...(show ? { bundle: shown ?? null } : {}) })}\n`,
    );
  else {
    if (show) process.stdout.write(`${JSON.stringify(shown ?? null, null, 2)}\n`);
    for (const { ok, text } of verification.facts) process.stdout.write(`${ok ? '✓' : '✗'} ${text}\n`);
    process.stdout.write(
      `${sentences[verification.verdict]}. Trust root: genesis of network ${verification.network}.\n`,
    );
    if (knownFile !== undefined && known !== undefined && verification.verdict === 'valid')
      process.stdout.write(
        `Known of it: checkpoint ${known.newest.header.height}, epoch ${known.changes.length}; kept in ${knownFile}.\n`,
      );
  }
  return verification.verdict === 'valid' ? 0 : 1;
}

/** `undefined` where there is no such file yet. */
async function readKnown(file: string): Promise<Acquaintance | undefined> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new Error(`${file}: cannot be read: ${cause.message}`, { cause });
  });
  if (bytes === undefined) return undefined;
  const decoded = decodeAcquaintance(new Uint8Array(bytes));
  if (!decoded.ok) throw new Error(`${file}: not what --known has written: ${describeRefusal(decoded)}`);
  return decoded.value;
}

/** Whole or not at all: a file that is torn would be no memory. */
async function writeKnown(file: string, known: Acquaintance): Promise<void> {
  await writeFile(`${file}.partial`, acquaintanceSchema.encode(known));
  await rename(`${file}.partial`, file);
}

async function readGenesis(file: string): Promise<Genesis> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new Error(`${file}: cannot be read: ${(cause as Error).message}`, { cause });
  });
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (cause) {
    throw new Error(`${file}: not a genesis file: ${(cause as Error).message}`, { cause });
  }
  const genesis = parseGenesis(json);
  if (!genesis.ok) throw new Error(`${file}: not a genesis: ${describeRefusal(genesis)}`);
  return genesis.value;
}
