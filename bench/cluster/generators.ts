/** The bench's side of the load generators: starts their processes, and has all of them do the same at once. */

import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toHex } from '../../consensus/codec/bytes.ts';
import { startChild, tell } from './child.ts';
import type { OpenOrder, Order } from './generator.ts';
import { addressOf, type ClusterHome } from './home.ts';
import type { LaneRecord } from './load-orders.ts';

const script = fileURLToPath(new URL(`./generator${extname(import.meta.url)}`, import.meta.url));
const NAME = 'a load generator';

export class Generators {
  readonly #children: readonly ChildProcess[];
  readonly #folder: string;

  private constructor(children: readonly ChildProcess[], folder: string) {
    this.#children = children;
    this.#folder = folder;
  }

  /** Starts so many processes, which share one lane for each validator. */
  static async open(
    { genesis, validators }: ClusterHome,
    processes: number,
    folder: string,
  ): Promise<Generators> {
    const nodes = validators.map(({ key, p2pPort }) => ({ key, multiaddr: addressOf(p2pPort) }));
    const ids = { network: toHex(genesis.network), checkpoint: toHex(genesis.headerId) };
    const lanes = nodes.map((_, lane) => ({ lane, nodes: [...nodes.slice(lane), ...nodes.slice(0, lane)] }));
    return Generators.start(
      script,
      lanes,
      processes,
      folder,
      (own): OpenOrder => ({ type: 'open', ...ids, lanes: own }),
    );
  }

  /** The same for processes of another script: so many, which share the lanes, each opened by an order of its own. */
  static async start<L>(
    childScript: string,
    lanes: readonly L[],
    processes: number,
    folder: string,
    openOrder: (lanes: readonly L[]) => object,
  ): Promise<Generators> {
    const count = Math.min(processes, lanes.length);
    const children = Array.from({ length: count }, () => startChild(childScript));
    const generators = new Generators(children, folder);
    await Promise.all(
      children.map((child, number) =>
        tell(child, NAME, openOrder(lanes.filter((_, lane) => lane % count === number))),
      ),
    );
    return generators;
  }

  /** Resolves when all have done it; rejects when one cannot. */
  async all(order: Order): Promise<void> {
    await Promise.all(this.#children.map((child) => tell(child, NAME, order)));
  }

  async dump(): Promise<LaneRecord[]> {
    const files = this.#children.map((_, number) => join(this.#folder, `sent-${number}.json`));
    await Promise.all(this.#children.map((child, i) => tell(child, NAME, { type: 'dump', file: files[i]! })));
    const records = await Promise.all(
      files.map(async (file) => JSON.parse(await readFile(file, 'utf8')) as LaneRecord[]),
    );
    return records.flat().sort((a, b) => a.lane - b.lane);
  }

  /** Ends them, whatever they do. */
  stop(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}
