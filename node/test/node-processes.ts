/** Real processes of `tally node` for tests, and what a person at each of them types. */

import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toHex } from '../../consensus/codec/bytes.ts';
import { freePorts } from '../config/free-ports.ts';
import { nodeConfigToml } from '../config/node-config.ts';
import { Api, type Home, type LocalNetwork, passphrase, until } from './local-nodes.ts';

const main = fileURLToPath(new URL('../main.js', import.meta.url));
const portFile = (home: Home): string => join(home.folder, 'ports.json');

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export class NodeProcesses {
  readonly network: LocalNetwork;
  readonly #running = new Map<string, ChildProcess>();
  readonly #apis = new Map<string, Api>();

  private constructor(network: LocalNetwork) {
    this.network = network;
  }

  /** Gives every home fixed ports, so that they find each other again, starts all, and waits until they are ready. */
  static async start(network: LocalNetwork): Promise<NodeProcesses> {
    const { homes, genesisFile } = network;
    const listen = (await freePorts(homes.length)).map((port) => `/ip4/127.0.0.1/tcp/${port}`);
    for (const [i, { name, configFile }] of homes.entries()) {
      const peers = homes.flatMap((other, j) =>
        i === j ? [] : [{ key: toHex(other.signer.publicKey), address: listen[j]! }],
      );
      const ports = { listen: listen[i]!, apiPort: 0, metricsPort: 0 };
      await writeFile(configFile, nodeConfigToml({ name, genesisFile, peers, ...ports, logLevel: 'warn' }));
    }
    const processes = new NodeProcesses(network);
    await Promise.all(homes.map(({ name }) => processes.start(name)));
    await until('all are ready', async () => {
      const apis = homes.map(({ name }) => processes.api(name));
      const answers = await Promise.all(apis.map((api) => api.request('GET', '/readyz')));
      return answers.every(({ status }) => status === 200);
    });
    return processes;
  }

  async start(name: string): Promise<Api> {
    const home = this.network.home(name);
    const child = this.#spawn(['node', '--config', home.configFile, '--port-file', portFile(home)]);
    for (const stream of [child.stdout, child.stderr]) stream!.resume();
    this.#running.set(name, child);
    let url = '';
    await until(`${name} listens`, async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
      const found = await readFile(portFile(home), 'utf8').then(
        (text) => JSON.parse(text) as { readonly pid: number; readonly api: string },
        () => undefined,
      );
      url = found?.pid === child.pid ? found!.api : '';
      return url !== '';
    });
    const api = new Api(url, (await readFile(home.tokenFile, 'utf8')).trim());
    this.#apis.set(name, api);
    return api;
  }

  /** Without warning. */
  async kill(name: string): Promise<void> {
    const child = this.#running.get(name)!;
    child.kill('SIGKILL');
    await until(`${name} is dead`, () => child.signalCode !== null);
    this.#running.delete(name);
  }

  async killAll(): Promise<void> {
    for (const name of [...this.#running.keys()]) await this.kill(name);
  }

  api(name: string): Api {
    return this.#apis.get(name)!;
  }

  /** What a person at this party's node types, `input` by way of stdin. */
  tally(name: string, args: readonly string[], input = ''): Promise<Ended> {
    const home = this.network.home(name);
    return this.#run([...args, '--config', home.configFile, '--port-file', portFile(home)], input);
  }

  /** What anybody types who has a proof and the genesis. */
  verify(file: string): Promise<Ended> {
    return this.#run(['verify', file, '--genesis', this.network.genesisFile], '');
  }

  async #run(args: readonly string[], input: string): Promise<Ended> {
    const child = this.#spawn(args);
    child.stdin!.end(input);
    let [out, err] = ['', ''];
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    const code = await new Promise<number | null>((done) => child.on('close', done));
    return { code, out, err };
  }

  #spawn(args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [main, ...args], {
      env: { ...process.env, TALLY_PASSPHRASE: passphrase },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }
}
