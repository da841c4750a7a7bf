/**
 * A story's host in the simulator: calls are composed by the node's own service and submitted at honest nodes, readings
 * come through a gateway, and what is read or proved is what an honest node has. docs/spec/scenario.md.
 */

import { compareBytes, fromHex, toHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import {
  callId,
  callPayloadHash,
  type SignedCall,
  signCall,
  signedCall,
} from '../../consensus/vertex/call.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
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
import type { World } from '../world.ts';
import type { StoryCast } from './cast.ts';
import { type Doors, proverAt } from './doors.ts';
import { StoryGateway } from './gateway.ts';

/** Checkpoint times may be ahead of virtual time by as much as clocks are. */
const CLOCKS_APART_MS = 10_000;

export class SimulatedHost implements StoryHost {
  readonly #cast: StoryCast;
  readonly #doors: Doors;
  readonly #gateway: StoryGateway;
  #salts = 0;
  #certifiedMs = 0;

  constructor(cast: StoryCast, doors: Doors) {
    this.#cast = cast;
    this.#doors = doors;
    this.#gateway = new StoryGateway(cast.gateway, doors, () => this.#salt());
  }

  get genesis(): World['genesis'] {
    return this.#doors.world.genesis;
  }

  get gateway(): Signer {
    return this.#cast.gateway;
  }

  leiOf(member: string): string {
    return this.#cast.leiOf(member);
  }

  clockMs(): number {
    return this.#doors.world.nowMs + CLOCKS_APART_MS;
  }

  async now(height: number): Promise<number> {
    const { header } = (await this.#doors.atLeast(height)).runner!.replica.ledger;
    this.#certifiedMs = Math.max(this.#certifiedMs, header.time);
    return this.#certifiedMs;
  }

  async reach(timeMs: number): Promise<void> {
    await this.#doors.pass(timeMs - this.clockMs());
    await this.#doors.until(async () => (await this.now(0)) >= timeMs || undefined);
  }

  async perform(act: Act): Promise<Performed> {
    const { hooks, world } = this.#doors;
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
    const startedMs = world.nowMs;
    const accepted = new Set<string>();
    const ended = await this.#doors.untilSaid(event, `${act.transition} ${id.slice(0, 8)}`, accepted, () =>
      hooks.outcomesOf(id).find(({ code }) => !NOT_RUN.includes(code)),
    );
    const ms = world.nowMs - startedMs;
    // A refused call that comes through again might take effect the second time.
    if (ended.code !== 'OK')
      await this.#doors.until(() => [...accepted].every((vertex) => hooks.isFinal(vertex)) || undefined);
    const { code, conflict, vertex, height } = ended;
    return { callId: id, vertex, code, conflict, height, ms };
  }

  feed(frames: readonly Frame[]): Promise<readonly ShownFrame[]> {
    return this.#gateway.feed(frames);
  }

  async read(type: string, id: string, by: string, height: number): Promise<Fields | undefined> {
    const { runner, store } = await this.#doors.atLeast(height);
    const { ledger } = runner!.replica;
    const access = new Access(ledger, this.#cast.signerOf(by).publicKey);
    const views = new Views(ledger, access, new Prover(ledger, store, new DurableHead(ledger)));
    const found = views.object(type, fromHex(id)!);
    return found.ok ? found.value.value : undefined;
  }

  async prove(_: string, vertexKey: string): Promise<Uint8Array> {
    return this.#doors.until(async () => {
      for (const node of this.#doors.up) {
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
    const { ledger } = (await this.#doors.atLeast(0)).runner!.replica;
    const calls = new Calls({
      ledger,
      signer: this.gateway,
      random: { bytes: (length) => this.#salt().slice(0, length) },
      // No later than any clock: the deadline counts from the newest certified header.
      clock: { now: () => ledger.header.time },
      proveReading: async () => {
        throw new TypeError('a story names its readings by references');
      },
    });
    const composed = await calls.compose(transition, args);
    if (!composed.ok) throw new TypeError(`${transition}: ${describeRefusal(composed)}`);
    return composed.value;
  }

  #salt(): Uint8Array {
    return hash(
      'salt',
      uint32Bytes(this.#doors.world.seed),
      uint32Bytes(++this.#salts),
      this.gateway.publicKey,
    );
  }
}
