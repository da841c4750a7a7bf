/** `tally gateway`: options, signals, exit codes. The gateway itself is in light-client/gateway/. */

import { rename, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { startGateway } from '../../light-client/gateway/gateway.ts';
import { readGatewayConfig } from '../config/gateway-config.ts';
import { readPassphrase } from '../keys/passphrase.ts';

interface GatewayFlags {
  readonly config: string;
  readonly portFile?: string;
  readonly json?: boolean;
}

const EXIT_FAILED = 1;
/** A second signal, or a part that hangs, ends the process this much later. What was acknowledged is on disk. */
const FORCED_MS = 1_900;

export function registerGateway(program: Command): void {
  program
    .command('gateway')
    .description('take readings from MQTT, put them on the ledger, and check that they became final')
    .requiredOption('--config <file>', 'configuration (TOML)')
    .option('--port-file <file>', 'write the ports in use to this file, as JSON, once the gateway is up')
    .option('--json', 'print what started as one JSON line')
    .action(async (flags: GatewayFlags) => {
      try {
        process.exitCode = await run(flags);
      } catch (error) {
        process.stderr.write(`tally gateway: ${(error as Error).message}\n`);
        process.exitCode = EXIT_FAILED;
      }
    });
}

async function run({ config: file, portFile, json = false }: GatewayFlags): Promise<number> {
  const config = await readGatewayConfig(file);
  const gateway = await startGateway(config, await readPassphrase(config.keyFile));
  const stop = (): void => {
    setTimeout(() => process.exit(EXIT_FAILED), FORCED_MS).unref();
    void gateway.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  const started = { key: gateway.key, api: gateway.url, apiPort: gateway.port };
  if (portFile !== undefined) await writeWhole(portFile, `${JSON.stringify(started)}\n`);
  if (json) process.stdout.write(`${JSON.stringify(started)}\n`);
  const failure = await gateway.ended;
  if (failure !== undefined) throw failure;
  return 0;
}

/** Whoever waits for the file never reads half of it. */
async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.partial`, text);
  await rename(`${path}.partial`, path);
}
