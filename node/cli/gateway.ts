/**
 * `tally gateway`: runs a gateway until it is told to stop. Little is loaded here: what a start needs once is done in
 * threads that end, and the rest comes after V8 was told that memory matters.
 */

import { rename, writeFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Command } from 'commander';
import type { RunningGateway } from '../../light-client/gateway/gateway.ts';

/** A stop that takes longer than this is cut short: what was acknowledged is on disk. */
const STOP_WITHIN_MS = 1_900;
const EXIT_BROKEN = 70;
/** Less memory for more work; and the space for young objects stays as small as it is at the start. */
const MEMORY_FLAGS = ['--optimize-for-size', '--semi-space-growth-factor=1'];

interface GatewayFlags {
  readonly config: string;
  readonly portFile?: string;
  readonly passphraseFile?: string;
}

export function registerGateway(program: Command): void {
  program
    .command('gateway')
    .description(
      'run a gateway: takes readings from MQTT, puts them on the ledger, checks that they became final',
    )
    .requiredOption('--config <file>', 'configuration (docs/guides/gateway.md)')
    .option('--port-file <file>', 'write the addresses as JSON once the gateway is up')
    .option(
      '--passphrase-file <file>',
      'where the passphrase of the key stands (else $TALLY_PASSPHRASE, else asked)',
    )
    .addHelpText(
      'after',
      `\nExit codes: 0 stopped, ${EXIT_BROKEN} its disk failed or it is wrong about itself, 1 could not start`,
    )
    .action(runGateway);
}

async function runGateway({ config: file, portFile, passphraseFile }: GatewayFlags): Promise<void> {
  for (const flag of MEMORY_FLAGS) setFlagsFromString(flag);
  const { readConfigApart } = await import('../../light-client/gateway/apart.ts');
  const config = await readConfigApart(file);
  const { askPassphrase } = await import('./key-passphrase.ts');
  const passphrase = await askPassphrase(config.keyFile, passphraseFile);
  delete process.env['TALLY_PASSPHRASE'];
  let gateway: RunningGateway | undefined;
  let asked = false;
  const onSignal = (): void => {
    if (asked) return;
    asked = true;
    setTimeout(() => process.exit(0), STOP_WITHIN_MS).unref();
    void gateway?.close();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('uncaughtException', (error) => {
    // Whatever broke, what was acknowledged is on disk: the next start goes on from there.
    process.stderr.write(`tally gateway: ${error.stack ?? error.message}\n`);
    process.exit(EXIT_BROKEN);
  });
  // One file in place of a thousand, which take more memory (tooling/bundle-gateway.mjs).
  const bundle = new URL('../../light-client/gateway/gateway.bundle.js', import.meta.url);
  const { startGateway } = (await import(
    bundle.href
  )) as typeof import('../../light-client/gateway/gateway.ts');
  gateway = await startGateway(config, passphrase);
  collectGarbage();
  if (portFile !== undefined) await writePorts(portFile, gateway);
  // Asked while it was still starting.
  if (asked) void gateway.close();
  const failure = await gateway.ended;
  process.exit(failure === undefined ? 0 : EXIT_BROKEN);
}

/** What the start has left; V8 by itself would wait until there is more, and keep the pages. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Written under another name first: whoever waits for the file finds it whole. */
async function writePorts(file: string, { key, url }: RunningGateway): Promise<void> {
  await writeFile(`${file}.partial`, `${JSON.stringify({ key, pid: process.pid, api: url })}\n`);
  await rename(`${file}.partial`, file);
}
