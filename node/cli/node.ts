/** `tally node`: runs a full node until it is told to stop, or stops itself. Exit codes: `exitCodes` in node/startup.ts. */

import { rename, writeFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Command } from 'commander';
import { readNodeConfig } from '../config/node-config.ts';
import { type RunningNode, startNode } from '../node.ts';
import { makeLog } from '../node-log.ts';
import { exitCodes } from '../startup.ts';
import { CliError, exits } from './exit-codes.ts';
import { askPassphrase } from './key-passphrase.ts';

/** A stop that takes longer than this is cut short: what was acknowledged is on disk. */
const STOP_WITHIN_MS = 5_000;

interface NodeFlags {
  readonly config: string;
  readonly audit?: boolean;
  readonly restored?: boolean;
  readonly firstStart?: boolean;
  readonly votesFrom?: string;
  readonly portFile?: string;
  readonly passphraseFile?: string;
}

export function registerNode(program: Command): void {
  program
    .command('node')
    .description('run a full node')
    .requiredOption('--config <file>', 'configuration, as `tally init` writes it')
    .option('--port-file <file>', 'write the addresses as JSON once the node listens')
    .option(
      '--passphrase-file <file>',
      'where the passphrase of the key stands (else $TALLY_PASSPHRASE, else asked)',
    )
    .option('--audit', 'read the whole store before starting, however large it is')
    .option('--restored', 'the store was put back from a backup: be silent until nothing can be said twice')
    .option(
      '--votes-from <height>',
      'end the silence of a restored seat at this height: only if the operators of all seats agreed on it',
    )
    .option('--first-start', 'this node has never run, and `tally init` did not make its home')
    .addHelpText(
      'after',
      `\nExit codes: ${exitCodes.stopped} stopped, ${exitCodes.wrong} wrong about the ledger or itself, ${exitCodes.storeFailed} its disk failed, ${exitCodes.budgetSpent} its disk budget is used up, 1 could not start`,
    )
    .action(runNode);
}

async function runNode({ config: file, portFile, passphraseFile, ...flags }: NodeFlags): Promise<void> {
  const { audit = false, restored = false, firstStart = false } = flags;
  const config = await readNodeConfig(file);
  const passphrase = await askPassphrase(config.keyFile, passphraseFile);
  delete process.env['TALLY_PASSPHRASE'];
  const log = makeLog(config);
  let node: RunningNode | undefined;
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) return;
    asked = true;
    log.info({ signal }, 'asked to stop');
    setTimeout(() => process.exit(exitCodes.stopped), STOP_WITHIN_MS).unref();
    void node?.stop();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('uncaughtException', (error) => {
    // Whatever broke, what was acknowledged is on disk: the next start goes on from there.
    log.fatal({ err: error }, 'the node broke');
    process.exit(exitCodes.wrong);
  });
  node = await startNode(config, passphrase, log, {
    audit,
    restored,
    firstStart,
    ...agreedHeight(flags.votesFrom),
  });
  giveBackMemory();
  if (portFile !== undefined) await writePorts(portFile, node);
  // Asked while it was still starting.
  if (asked) void node.stop();
  process.exit(await node.stopped);
}

function agreedHeight(text: string | undefined): { readonly votesFrom?: number } {
  if (text === undefined) return {};
  const votesFrom = Number(text);
  if (!Number.isSafeInteger(votesFrom) || votesFrom < 1)
    throw new CliError(exits.usage, `--votes-from ${text}: expected a height, 1 or more`);
  return { votesFrom };
}

/** What starting needed once, the 32 MiB of scrypt above all, would else stay until memory is short. */
function giveBackMemory(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Written under another name first: whoever waits for the file finds it whole. */
async function writePorts(file: string, { key, api, metricsUrl, network }: RunningNode): Promise<void> {
  const ports = { key, pid: process.pid, api: api.url, metrics: metricsUrl, p2p: network.address };
  await writeFile(`${file}.partial`, `${JSON.stringify(ports)}\n`);
  await rename(`${file}.partial`, file);
}
