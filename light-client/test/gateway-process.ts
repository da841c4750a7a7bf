/** `tally gateway` in a process of its own, for tests that kill it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayStatus } from '../gateway/metrics.ts';
import { PASSPHRASE } from './gateway-world.ts';

export class GatewayProcess {
  static readonly #all: ChildProcess[] = [];
  readonly #home: string;
  readonly #child: ChildProcess;
  #said = '';

  constructor(home: string) {
    this.#home = home;
    const args = [
      join(import.meta.dirname, '../../node/main.js'),
      'gateway',
      '--config',
      join(home, 'config.toml'),
      '--port-file',
      join(home, 'ports.json'),
    ];
    this.#child = spawn(process.execPath, args, {
      env: { ...process.env, TALLY_PASSPHRASE: PASSPHRASE },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-4_000);
    });
    GatewayProcess.#all.push(this.#child);
  }

  /** What a test leaves running when it fails would keep its file from ending. */
  static killAll(): void {
    for (const child of GatewayProcess.#all.splice(0)) child.kill('SIGKILL');
  }

  async status(): Promise<GatewayStatus> {
    return (await (await this.get('/v1/status')).json()) as GatewayStatus;
  }

  async get(path: string): Promise<Response> {
    const { api } = JSON.parse(await readFile(join(this.#home, 'ports.json'), 'utf8')) as { api: string };
    const token = (await readFile(join(this.#home, 'api-token'), 'utf8')).trim();
    return fetch(`${api}${path}`, { headers: { authorization: `Bearer ${token}` } });
  }

  /** How many frames are final; nothing while it is not up. */
  async final(): Promise<number> {
    if (this.#child.exitCode !== null) throw new Error(`the gateway ended by itself: ${this.#said}`);
    return (await this.status().catch(() => undefined))?.frames.final ?? -1;
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    const [code] = (await exited) as [number | null];
    await rm(join(this.#home, 'ports.json'), { force: true });
    return code;
  }
}
