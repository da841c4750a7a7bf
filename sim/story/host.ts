/**
 * A story's host in the simulator: calls are composed by the node's own service and submitted at honest nodes, readings
 * go to the ledger through a gateway that speaks as a light client does. Whatever has come to nothing is said again
 * elsewhere, as its stakeholder would. docs/spec/scenario.md.
 */

import { encodeReadingProof } from '../../consensus/checkpoint/evidence.ts';
import { compareBytes, fromHex, toHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { describeRefusal, invariant } from '../../consensus/codec/result.ts';
import { key } from '../../consensus/contracts/registry.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { type Batch, batch, batchHash, makeBatch, proveFrame } from '../../consensus/vertex/batch.ts';
import {
  callId,
  callPayloadHash,
  type SignedCall,
  signCall,
  signedCall,
} from '../../consensus/vertex/call.ts';
import { compareFrames, type Frame } from '../../consensus/vertex/frame.ts';
import { encodeVertex, signVertex, type Vertex } from '../../consensus/vertex/vertex.ts';
import { BUNDLE_VERSION, bundleSchema } from '../../light-client/proof/bundle.ts';
import type { Event } from '../../node/replica/events.ts';
import { Access } from '../../node/service/access.ts';
import { Calls } from '../../node/service/calls.ts';
import { DurableHead } from '../../node/service/durable-head.ts';
import { Prover } from '../../node/service/proofs.ts';
import { Views } from '../../node/service/views.ts';
import type { Act, Performed, ShownFrame, StoryHost } from '../../node/story/host.ts';
import type { Fields } from '../../node/story/plan.ts';
import { NOT_RUN } from '../checker/races.ts';
import type { LoadHooks } from '../load/load.ts';
import { Random } from '../random.ts';
import type { SimulatedNode, World } from '../world.ts';
import type { StoryCast } from './cast.ts';

const POLL_MS = 100;
/** What has come to nothing after this long is said again. */
const RETRY_MS = 4_000;
/** Checkpoint times may be ahead of virtual time by as much as clocks are. */
const CLOCKS_APART_MS = 10_000;

export class SimulatedHost implements StoryHost {
  readonly #world: World;
  readonly #cast: StoryCast;
  readonly #doors: readonly SimulatedNode[];
  readonly #hooks: LoadHooks;
  readonly #random: Random;
  #salts = 0;
  #certifiedMs = 0;
  #gatewayEnd: Vertex | undefined;
  #citedHeight = 0;

  /** `doors`: honest nodes, at which anything is submitted and read. */
  constructor(world: World, cast: StoryCast, doors: readonly SimulatedNode[], hooks: LoadHooks) {
    this.#world = world;
    this.#cast = cast;
    this.#doors = doors;
    this.#hooks = hooks;
    this.#random = new Random(world.seed, 'story');
  }

  get genesis(): World['genesis'] {
    return this.#world.genesis;
  }

  get gateway(): Signer {
    return this.#cast.gateway;
  }

  leiOf(member: string): string {
    return this.#cast.leiOf(member);
  }

  clockMs(): number {
    return this.#world.nowMs + CLOCKS_APART_MS;
  }

  async now(height: number): Promise<number> {
    const { header } = (await this.#until(() => this.#atLeast(height))).runner!.replica.ledger;
    this.#certifiedMs = Math.max(this.#certifiedMs, header.time);
    return this.#certifiedMs;
  }

  async reach(timeMs: number): Promise<void> {
    await this.#until(() => {
      const reached = this.#mostAdvanced()?.runner?.replica.ledger.header.time ?? 0;
      return reached >= timeMs || undefined;
    });
  }

  async perform(act: Act): Promise<Performed> {
    const composed = await this.#compose(act);
    const signers = [...act.parties.map((name) => this.#cast.signerOf(name)), ...act.keys];
    const signatures = signers.map((signer) => signCall(composed, signer));
    const call: SignedCall = {
      ...composed,
      signatures: signatures.sort((a, b) => compareBytes(a.key, b.key)),
    };
    const id = toHex(callId(call.header));
    const payload = signedCall.encode(call);
    const event: Event = { type: 'author', kind: 'transaction', payload, payloadHash: callPayloadHash(call) };
    const startedMs = this.#world.nowMs;
    const accepted = new Set<string>();
    const ended = await this.#untilSaid(event, `${act.transition} ${id.slice(0, 8)}`, accepted, () =>
      this.#hooks.outcomesOf(id).find(({ code }) => !NOT_RUN.includes(code)),
    );
    const ms = this.#world.nowMs - startedMs;
    // A refused call that comes through again might take effect the second time.
    if (ended.code !== 'OK')
      await this.#until(() => [...accepted].every((vertex) => this.#hooks.isFinal(vertex)) || undefined);
    const { code, conflict, vertex, height } = ended;
    return { callId: id, vertex, code: code as Code, conflict, height, ms };
  }

  async feed(frames: readonly Frame[]): Promise<readonly ShownFrame[]> {
    const shown: ShownFrame[] = [];
    for (let from = 0; from < frames.length; from += limits.framesPerBatchMax) {
      const part = frames.slice(from, from + limits.framesPerBatchMax);
      const written = makeBatch([...part].sort(compareFrames), this.#salt());
      const vertex = await this.#write(written);
      const event: Event = { type: 'submit', envelope: encodeVertex(vertex) };
      await this.#untilSaid(event, `readings ${vertex.key.slice(0, 8)}`, new Set(), () =>
        this.#hooks.isFinal(vertex.key) ? vertex : undefined,
      );
      shown.push(...(await this.#until(() => this.#show(vertex.key, written, part))));
    }
    return shown;
  }

  async read(type: string, id: string, by: string, height: number): Promise<Fields | undefined> {
    const node = await this.#until(() => this.#atLeast(height));
    const { ledger } = node.runner!.replica;
    const access = new Access(ledger, this.#cast.signerOf(by).publicKey);
    const views = new Views(ledger, access, new Prover(ledger, node.store, new DurableHead(ledger)));
    const found = views.object(type, fromHex(id)!);
    return found.ok ? found.value.value : undefined;
  }

  async prove(_: string, vertexKey: string): Promise<Uint8Array> {
    return this.#until(async () => {
      for (const node of this.#up()) {
        const prover = await proverAt(node);
        const proved = await prover?.vertex(vertexKey);
        const vertex = await prover?.storedVertex(vertexKey);
        if (prover === undefined || proved === undefined || vertex === undefined) continue;
        const changes = await prover.changesTo(proved.anchor.certified.header);
        const call = signedCall.decode(vertex.payload);
        if (!changes.ok || !call.ok) continue;
        return bundleSchema.encode({
          version: BUNDLE_VERSION,
          network: this.genesis.network,
          statement: { type: 'call', proof: proved.proof, call: call.value },
          changes: changes.value,
          anchor: proved.anchor,
        });
      }
      return undefined;
    });
  }

  async #compose({ transition, args }: Act): Promise<SignedCall> {
    const node = await this.#until(() => this.#mostAdvanced());
    const calls = new Calls({
      ledger: node.runner!.replica.ledger,
      signer: this.gateway,
      random: { bytes: (length) => this.#salt().slice(0, length) },
      // No later than any clock: the deadline counts from the newest certified header.
      clock: { now: () => node.runner!.replica.ledger.header.time },
      proveReading: async () => {
        throw new TypeError('a story names its readings by references');
      },
    });
    const composed = await calls.compose(transition, args);
    if (!composed.ok) throw new TypeError(`${transition}: ${describeRefusal(composed)}`);
    return composed.value;
  }

  /** A vertex of the gateway, one after the other: the next stands on the last. */
  async #write(written: Batch): Promise<Vertex> {
    const { publicKey } = this.gateway;
    // Nobody cites a checkpoint older than the one that its last vertex cites `[VTX-3]`.
    const node = await this.#until(() => {
      const found = this.#atLeast(this.#citedHeight);
      const enrolled = found?.runner?.replica.ledger.state.get(key, publicKey) !== undefined;
      return enrolled ? found : undefined;
    });
    this.#citedHeight = heightOf(node);
    const header = {
      network: this.genesis.network,
      sequence: (this.#gatewayEnd?.sequence ?? 0) + 1,
      previous: this.#gatewayEnd?.id ?? zero32,
      checkpoint: node.runner!.replica.ledger.headerId,
      parents: [],
      time: this.#world.nowMs,
      kind: 'readings' as const,
      payloadHash: batchHash(written),
    };
    this.#gatewayEnd = signVertex(header, batch.encode(written), this.gateway);
    return this.#gatewayEnd;
  }

  /** Proofs of all frames: what the batch says by the gateway itself, that it is final by a node that is at rest. */
  async #show(
    vertexKey: string,
    written: Batch,
    frames: readonly Frame[],
  ): Promise<readonly ShownFrame[] | undefined> {
    for (const node of this.#up()) {
      const proved = await (await proverAt(node))?.vertex(vertexKey);
      if (proved === undefined) continue;
      return frames.map((frame) => {
        const proof = encodeReadingProof({
          frame: proveFrame(written, written.frames.indexOf(frame)),
          vertex: proved.proof,
        });
        invariant(proof.ok, 'a reading proof fits into a call');
        return { frame, proof: toHex(proof.value) };
      });
    }
    return undefined;
  }

  /** Submits, and again when nothing came of it, until `look` finds what came of it. */
  #untilSaid<T>(event: Event, what: string, accepted: Set<string>, look: () => T | undefined): Promise<T> {
    let saidMs = Number.NEGATIVE_INFINITY;
    return this.#until(() => {
      const found = look();
      if (found !== undefined) return found;
      const up = this.#up();
      if (up.length === 0 || this.#world.time.now() - saidMs < RETRY_MS) return undefined;
      saidMs = this.#world.time.now();
      const door = this.#random.pick(up);
      this.#world.trace.note(door.name, 'story', () => `story: ${what}`);
      this.#submit(door, event, accepted);
      return undefined;
    });
  }

  #submit(door: SimulatedNode, event: Event, accepted: Set<string>): void {
    const atMs = this.#world.time.elapsedMs;
    door.runner!.dispatchDurable(event).then(
      (reply) => {
        if (reply.type !== 'taken') return;
        accepted.add(reply.vertex.key);
        this.#hooks.onAuthored(atMs);
        this.#hooks.onAccepted(reply.vertex.key, atMs);
      },
      // It died first, and acknowledged nothing.
      () => {},
    );
  }

  /** Looks now and then until something is found; nothing of it happens outside virtual time. */
  #until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
    return new Promise((resolve, reject) => {
      const again = () => this.#world.time.after(POLL_MS, async () => attempt());
      const attempt = async () => {
        try {
          const found = await look();
          if (found === undefined) again();
          else resolve(found);
        } catch (error) {
          reject(error);
        }
      };
      void attempt();
    });
  }

  #salt(): Uint8Array {
    return hash('salt', uint32Bytes(this.#world.seed), uint32Bytes(++this.#salts), this.gateway.publicKey);
  }

  #up(): SimulatedNode[] {
    return this.#doors.filter(({ runner }) => runner !== undefined);
  }

  #mostAdvanced(): SimulatedNode | undefined {
    let most: SimulatedNode | undefined;
    for (const node of this.#up()) if (most === undefined || heightOf(node) > heightOf(most)) most = node;
    return most;
  }

  #atLeast(height: number): SimulatedNode | undefined {
    const node = this.#mostAdvanced();
    return node !== undefined && heightOf(node) >= height ? node : undefined;
  }
}

/** A checkpoint under way is in memory and not yet in the store: then none, and one asks again. */
async function proverAt({ runner, store }: SimulatedNode): Promise<Prover | undefined> {
  const { ledger } = runner!.replica;
  if (ledger.height === 0 || (await store.checkpoint(ledger.height)) === undefined) return undefined;
  return new Prover(ledger, store, new DurableHead(ledger));
}

function heightOf({ runner }: SimulatedNode): number {
  invariant(runner !== undefined, 'a node that is up');
  return runner.replica.ledger.height;
}
