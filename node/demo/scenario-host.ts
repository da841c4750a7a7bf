/**
 * A story's host in the demo: calls go through the stakeholders' own nodes, readings over MQTT through the gateway. Who of
 * the cast runs no node holds a key here, and what it signs is submitted at somebody's. docs/spec/scenario.md.
 */

import { readingProof } from '../../consensus/checkpoint/evidence.ts';
import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import { bundleSchema } from '../../light-client/proof/bundle.ts';
import { publishFrames } from '../../light-client/sensors/publish.ts';
import type { Act, Performed, ShownFrame, StoryHost } from '../story/host.ts';
import type { Fields } from '../story/plan.ts';
import { Actors } from './actors.ts';
import type { ApiClient } from './api-client.ts';
import { gatewayName, type PlayerName, type ProcessName, playerNamed, players } from './cast.ts';
import type { NetworkFiles } from './network-files.ts';

const LOOK_EVERY_MS = 100;
/** Frames that are not final by then are published again: whatever had come is a duplicate to the gateway. */
const AGAIN_AFTER_MS = 20_000;
const FINAL_WITHIN_MS = 240_000;
/** Tells the time. */
const BYSTANDER: PlayerName = 'monitor-b';
const LISTED_MAX = 500;

interface ListedFrame {
  readonly vertex: string;
  readonly index: number;
  readonly counter: number;
}

export interface Broker {
  readonly url: string;
  readonly protocolVersion: 4 | 5;
}

export class DemoHost implements StoryHost {
  readonly genesis: Genesis;
  readonly gateway: Signer;
  readonly #files: NetworkFiles;
  readonly #clients: { readonly [N in ProcessName]: ApiClient };
  readonly #actors: Actors;
  readonly #broker: Broker;
  readonly #keep: (name: string, bundle: Uint8Array) => Promise<void>;
  #certifiedMs = 0;
  #turn = 0;

  /** `keep` is given the bundle of each call, by the name of its step. */
  constructor(
    files: NetworkFiles,
    clients: { readonly [N in ProcessName]: ApiClient },
    broker: Broker,
    keep: (name: string, bundle: Uint8Array) => Promise<void>,
  ) {
    this.genesis = files.genesis;
    this.gateway = files.homes[gatewayName].signer;
    this.#files = files;
    this.#clients = clients;
    this.#actors = new Actors(clients);
    this.#broker = broker;
    this.#keep = keep;
  }

  leiOf(member: string): string {
    const lei = this.#files.others.get(member)?.lei ?? playerNamed(member)?.lei;
    invariant(lei !== undefined, `${member} is in the cast`);
    return lei;
  }

  clockMs(): number {
    return Date.now();
  }

  async now(height: number): Promise<number> {
    const { time } = await this.#known(BYSTANDER, height);
    this.#certifiedMs = Math.max(this.#certifiedMs, time);
    return this.#certifiedMs;
  }

  async reach(timeMs: number): Promise<void> {
    while ((await this.now(0)) < timeMs) await sleep(LOOK_EVERY_MS);
  }

  async perform({ transition, args, parties, keys }: Act): Promise<Performed> {
    const signers = parties.flatMap((name) => playerNamed(name)?.name ?? []);
    const others = parties.flatMap((name) => this.#files.others.get(name)?.signer ?? []);
    const submitter = signers[0] ?? this.#nextSubmitter();
    return this.#actors.perform({ transition, args, signers, submitter, keys: [...others, ...keys] });
  }

  /** What nobody with a node signs is submitted at all of them in turn. */
  #nextSubmitter(): PlayerName {
    this.#turn = (this.#turn + 1) % players.length;
    return players[this.#turn]!.name;
  }

  async feed(frames: readonly Frame[]): Promise<readonly ShownFrame[]> {
    const listed = new Map<Frame, ListedFrame>();
    const untilMs = Date.now() + FINAL_WITHIN_MS;
    let publishedMs = 0;
    while (listed.size < frames.length) {
      if (Date.now() > untilMs)
        throw new Error(
          `${frames.length - listed.size} frames were not final in ${FINAL_WITHIN_MS / 1_000} s`,
        );
      if (Date.now() - publishedMs > AGAIN_AFTER_MS) {
        await publishFrames(
          frames.filter((frame) => !listed.has(frame)),
          this.#broker,
        );
        publishedMs = Date.now();
      }
      await this.#list(frames, listed);
      if (listed.size < frames.length) await sleep(LOOK_EVERY_MS);
    }
    return Promise.all(
      frames.map(async (frame) => ({ frame, proof: await this.#proof(listed.get(frame)!) })),
    );
  }

  async read(type: string, id: string, by: string, height: number): Promise<Fields | undefined> {
    const { name } = playerNamed(by)!;
    await this.#known(name, height);
    const found = await this.#clients[name].find<{ value: Fields }>(`/v1/objects/${type}/${id}`);
    return found?.value;
  }

  async prove(step: string, vertex: string, by: readonly string[]): Promise<Uint8Array | undefined> {
    const holder = by.map(playerNamed).find((player) => player !== undefined);
    if (holder === undefined) return undefined;
    const bundle = await this.#clients[holder.name].bytesIfShown(`/v1/vertices/${vertex}/bundle`);
    if (bundle !== undefined) await this.#keep(step, bundle);
    return bundle;
  }

  /** The newest certified header that a node has, once it has that of `height`. */
  async #known(
    name: PlayerName,
    height: number,
  ): Promise<{ readonly height: number; readonly time: number }> {
    for (;;) {
      const known = await this.#clients[name].get<{ height: number; time: number }>('/v1/status');
      if (known.height >= height) return known;
      await sleep(LOOK_EVERY_MS);
    }
  }

  async #list(frames: readonly Frame[], listed: Map<Frame, ListedFrame>): Promise<void> {
    for (const device of new Set(frames.map((frame) => frame.device))) {
      const { readings } = await this.#clients[gatewayName].get<{ readings: readonly ListedFrame[] }>(
        `/v1/readings?device=${encodeURIComponent(device)}&limit=${LISTED_MAX}&final=true`,
      );
      const byCounter = new Map(readings.map((entry) => [entry.counter, entry]));
      for (const frame of frames) {
        const found = frame.device === device ? byCounter.get(frame.counter) : undefined;
        if (found !== undefined) listed.set(frame, found);
      }
    }
  }

  async #proof({ vertex, index }: ListedFrame): Promise<string> {
    const bundle = bundleSchema.decode(
      await this.#clients[gatewayName].bytes(`/v1/readings/${vertex}/${index}/bundle`),
    );
    invariant(bundle.ok && bundle.value.statement.type === 'reading', 'the gateway serves reading bundles');
    return toHex(readingProof.encode(bundle.value.statement.proof));
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
