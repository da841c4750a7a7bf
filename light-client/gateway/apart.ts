/**
 * What is needed once, at the start, in a thread of its own: reading the configuration takes a schema library, and
 * opening the key takes age and 32 MiB for scrypt. All of it goes with the thread, and the gateway stays small.
 */

import { parentPort, Worker, workerData } from 'node:worker_threads';
import type { GatewayConfig } from '../../node/config/gateway-config.ts';

type Errand =
  | { readonly type: 'read-config'; readonly file: string }
  | { readonly type: 'open-key'; readonly file: string; readonly passphrase: string };
type Outcome =
  | { readonly value: unknown }
  | { readonly error: { readonly name: string; readonly message: string } };

/** Like `readGatewayConfig`. */
export function readConfigApart(file: string): Promise<GatewayConfig> {
  return sendOut({ type: 'read-config', file }) as Promise<GatewayConfig>;
}

/** Like `openKeyFile`. */
export function openKeyApart(file: string, passphrase: string): Promise<Uint8Array> {
  return sendOut({ type: 'open-key', file, passphrase }) as Promise<Uint8Array>;
}

async function sendOut(errand: Errand): Promise<unknown> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { errand } });
  const outcome = await new Promise<Outcome>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`${errand.file}: reading it ended with ${code}`)));
  });
  if ('value' in outcome) return outcome.value;
  // The command line tells by the name which errors a person can mend.
  throw Object.assign(new Error(outcome.error.message), { name: outcome.error.name });
}

async function run(errand: Errand): Promise<Outcome> {
  try {
    if (errand.type === 'read-config') {
      const { readGatewayConfig } = await import('../../node/config/gateway-config.ts');
      return { value: await readGatewayConfig(errand.file) };
    }
    const { openKeyFile } = await import('../../node/keys/key-file.ts');
    return { value: await openKeyFile(errand.file, errand.passphrase) };
  } catch (error) {
    const { name, message } = error as Error;
    return { error: { name, message } };
  }
}

// Loaded by `sendOut`, and not by somebody else's thread.
const { errand } = (workerData ?? {}) as { readonly errand?: Errand };
if (errand !== undefined) parentPort!.postMessage(await run(errand));
