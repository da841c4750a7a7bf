/** `once` and `finality`: what was accepted, what became final and when: once, everywhere, and how long it took. */

import type { Quantiles } from '../run-result.ts';
import { broken, type Finding, stuck } from './finding.ts';

/** A run that was to have so many vertices and had none did not run. */
const LOAD_SHOWN = 10;

interface HeightRecord {
  readonly vertices: readonly string[];
  /** Honest nodes that hold the certificate. */
  reached: number;
}

/** Node number `by` said at `atMs`, since the start, that it holds a vertex durably; signed at `authoredMs`. */
export interface Acknowledgement {
  readonly by: number;
  readonly authoredMs: number;
  readonly atMs: number;
}

export class Finality {
  readonly #honest: number;
  /** Vertices that became final, with the height. */
  readonly #heightOf = new Map<string, number>();
  readonly #heights = new Map<number, HeightRecord>();
  /** When each accepted vertex was signed, ms since the start. */
  readonly #accepted = new Map<string, number>();
  /** Accepted ones that are final nowhere yet: which nodes acknowledged each, and when. */
  readonly #open = new Map<string, Map<number, number>>();
  readonly #durations: number[] = [];
  /** How many of them `fresh` has told of. */
  #told = 0;
  authored = 0;

  constructor(honest: number) {
    this.#honest = honest;
  }

  get final(): number {
    return this.#heightOf.size;
  }

  /** Accepted vertices that are final. */
  get acceptedFinal(): number {
    return this.#accepted.size - this.#open.size;
  }

  accept(vertexKey: string, { by, authoredMs, atMs }: Acknowledgement): void {
    if (!this.#accepted.has(vertexKey)) this.#accepted.set(vertexKey, authoredMs);
    if (this.#heightOf.has(vertexKey)) return;
    const nodes = this.#open.get(vertexKey) ?? new Map<number, number>();
    this.#open.set(vertexKey, nodes.set(by, atMs));
  }

  /** A node was put back to what it held at `backupAtMs`: what it alone acknowledged after that is lost, rightly. */
  forgive(by: number, backupAtMs: number): void {
    for (const [vertexKey, nodes] of this.#open) {
      if ((nodes.get(by) ?? backupAtMs) <= backupAtMs) continue;
      nodes.delete(by);
      if (nodes.size > 0) continue;
      this.#open.delete(vertexKey);
      this.#accepted.delete(vertexKey);
    }
  }

  isFinal(vertexKey: string): boolean {
    return this.#heightOf.has(vertexKey);
  }

  isAccepted(vertexKey: string): boolean {
    return this.#accepted.has(vertexKey);
  }

  /** A height is certified for the first time; no vertex of it was final before. */
  onCertified(height: number, vertices: readonly string[]): Finding | undefined {
    this.#heights.set(height, { vertices, reached: 0 });
    for (const vertexKey of vertices) {
      if (this.#heightOf.has(vertexKey))
        return broken('once', `vertex ${vertexKey.slice(0, 8)} is final again at height ${height}`);
      this.#heightOf.set(vertexKey, height);
      this.#open.delete(vertexKey);
    }
    return undefined;
  }

  /** One more honest node holds the certificate of a height. */
  onReached(height: number, atMs: number): void {
    const record = this.#heights.get(height);
    if (record === undefined) return;
    record.reached += 1;
    if (record.reached !== this.#honest) return;
    for (const vertexKey of record.vertices) {
      const authoredMs = this.#accepted.get(vertexKey);
      if (authoredMs !== undefined) this.#durations.push(atMs - authoredMs);
    }
  }

  /** Durations since the last time this was asked. */
  fresh(): Quantiles | undefined {
    const told = this.#told;
    this.#told = this.#durations.length;
    return quantiles(this.#durations.slice(told));
  }

  get durations(): Quantiles | undefined {
    return quantiles(this.#durations);
  }

  /** What is still missing: accepted vertices that are final nowhere, and heights that not everybody holds. */
  get missing(): { readonly vertices: readonly string[]; readonly heights: number } {
    let heights = 0;
    for (const { reached, vertices } of this.#heights.values())
      if (reached < this.#honest && vertices.some((vertexKey) => this.#accepted.has(vertexKey))) heights += 1;
    return { vertices: [...this.#open.keys()], heights };
  }
}

/** Why a run at its end has shown too little: `describe` tells of all nodes; `load`: vertices that were to be said, about. */
export function checkProgress(
  finality: Pick<Finality, 'missing' | 'acceptedFinal'>,
  settled: boolean,
  load: number,
  describe: () => string,
): Finding | undefined {
  const { vertices, heights } = finality.missing;
  if (!settled) {
    const first = vertices[0] === undefined ? '' : `, the first ${vertices[0].slice(0, 8)}`;
    return stuck(
      `${vertices.length} accepted vertices are not final${first}; ${heights} heights are not everywhere; ${describe()}`,
    );
  }
  // Where nothing was accepted, nothing was shown.
  return load >= LOAD_SHOWN && finality.acceptedFinal === 0
    ? stuck('no node has accepted anything')
    : undefined;
}

export function quantiles(values: readonly number[]): Quantiles | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.slice().sort((a, b) => a - b);
  const at = (part: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!);
  return {
    count: sorted.length,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: Math.round(sorted.at(-1)!),
  };
}
