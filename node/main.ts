#!/usr/bin/env node
/**
 * The command `tally`. Only the command that is asked for is loaded: checking a proof starts fast, and a gateway does
 * not carry a full node in its memory.
 */

import './polyfill.ts';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';

interface Entry {
  readonly summary: string;
  /** Adds the command to the program. */
  readonly load: (program: Command) => Promise<void>;
}

const USAGE = 2;
/** This file, compiled: what starts further processes of ours. */
const script = fileURLToPath(import.meta.url);

const commands: { readonly [name: string]: Entry } = {
  demo: {
    summary: 'run a small network of real processes on this machine, and tell the story of one loan',
    load: async (program) => (await import('./cli/demo.ts')).registerDemo(program, script),
  },
  init: {
    summary: 'prepare a home for a node',
    load: async (program) => (await import('./cli/init.ts')).registerInit(program),
  },
  genesis: {
    summary: 'make the genesis of a network',
    load: async (program) => (await import('./cli/init.ts')).registerGenesis(program),
  },
  node: {
    summary: 'run a full node',
    load: async (program) => (await import('./cli/node.ts')).registerNode(program),
  },
  gateway: {
    summary: 'run a gateway: sensors to ledger',
    load: async (program) => (await import('./cli/gateway.ts')).registerGateway(program),
  },
  tx: {
    summary: 'act on the ledger: compose, sign and submit a call',
    load: async (program) => (await import('./cli/tx.ts')).registerTx(program),
  },
  get: {
    summary: 'read from a running node',
    load: async (program) => (await import('./cli/get.ts')).registerGet(program),
  },
  message: {
    summary: 'messages between banks: only the recipient reads them, and its receipt is on the ledger',
    load: async (program) => (await import('./cli/message.ts')).registerMessage(program),
  },
  contracts: {
    summary: 'the transitions of the ledger: who signs, what is asked, what follows',
    load: async (program) => (await import('./cli/contracts.ts')).registerContracts(program),
  },
  verify: {
    summary: 'check a proof bundle offline, with no network and no node',
    load: async (program) => (await import('./cli/verify.ts')).registerVerify(program),
  },
  sim: {
    summary: 'simulate a whole network under faults and attacks, and check what must hold',
    load: async (program) => (await import('../sim/cli.ts')).registerSim(program),
  },
  bench: {
    summary: 'measure this build on this machine',
    load: async (program) => (await import('../bench/cli.ts')).registerBench(program, script),
  },
};

async function makeProgram(argv: readonly string[]): Promise<Command> {
  const { version } = await import('./version.ts');
  const words = argv.filter((word) => !word.startsWith('-'));
  const asked = words[0] === 'help' ? words[1] : words[0];
  const known = asked !== undefined && Object.hasOwn(commands, asked);
  const program = new Command('tally')
    .description('A ledger of pledges over a DAG of signed readings.')
    .version(version, '-V, --version', 'print the version')
    .showHelpAfterError(`(tally ${known ? `${asked} ` : ''}--help shows what there is)`)
    .exitOverride();
  for (const [name, { summary, load }] of Object.entries(commands)) {
    if (name === asked) await load(program);
    else program.command(name).description(summary);
  }
  return program;
}

async function run(argv: readonly string[]): Promise<void> {
  try {
    await (await makeProgram(argv)).parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said what is wrong. Help and version are no errors.
      process.exitCode = error.exitCode === 0 ? 0 : USAGE;
      return;
    }
    report(
      error as Error & { readonly exitCode?: number; readonly problem?: object },
      argv.includes('--json'),
    );
  }
}

/** Errors that a person can mend say how; anything else is a fault of ours and shows where it came from. */
function report(
  error: Error & { readonly exitCode?: number; readonly problem?: object },
  json: boolean,
): void {
  // A file or folder that is not there, not ours, or full: the message names it.
  const { code, path } = error as NodeJS.ErrnoException;
  const known =
    error.exitCode !== undefined ||
    (code !== undefined && path !== undefined) ||
    /^(StartError|ConfigError|KeyFileError|TokenFileError)$/.test(error.name);
  process.exitCode = error.exitCode ?? 1;
  if (json)
    process.stderr.write(
      `${JSON.stringify({ error: error.message, exitCode: process.exitCode, problem: error.problem })}\n`,
    );
  else process.stderr.write(`tally: ${known ? error.message : (error.stack ?? error.message)}\n`);
}

// Started by another process of ours: when that one is gone, however it went, this one stops as if asked to.
if (process.channel !== undefined) process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));

// Whoever read our output has gone, as `head` does. Never success: of a proof the verdict may not have been said.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A command that has its own way with this keeps it.
  if (process.stdout.listenerCount('error') > 1) return;
  if (error.code !== 'EPIPE') throw error;
  process.exit(1);
});

await run(process.argv.slice(2));
