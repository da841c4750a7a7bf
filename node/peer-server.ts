/**
 * Answers what peers ask of this node's store: vertices and batches, checkpoints, and what a node that joins by a snapshot
 * needs besides. What is not here is not answered; whoever asks tries others.
 */

import { committeeChange } from '../consensus/checkpoint/change.ts';
import { toHex } from '../consensus/codec/bytes.ts';
import { limits } from '../consensus/codec/limits.ts';
import { invariant } from '../consensus/codec/result.ts';
import { batch } from '../consensus/vertex/batch.ts';
import { decodeVertex, encodeVertex, type Vertex, withoutReadings } from '../consensus/vertex/vertex.ts';
import { CHANGES_PER_ANSWER_MAX, type PeerMessage } from '../consensus/wire/messages.ts';
import { grouped } from './bundles.ts';
import type { PeerKey, Store } from './ports.ts';
import type { Disclosure } from './replica/disclosure.ts';
import type { Notice, Question } from './replica/events.ts';
import { readHistoryPath, readPeaks } from './stored-history.ts';

/** A frame is closed before it grows past this. */
const FRAME_FILL_BYTES = limits.frameBytesMax / 4;

export interface PeerServerPorts {
  readonly store: Store;
  readonly disclosure: Disclosure;
  send(peer: PeerKey, message: PeerMessage): void;
  notice(notice: Notice): void;
}

export class PeerServer {
  readonly #ports: PeerServerPorts;

  constructor(ports: PeerServerPorts) {
    this.#ports = ports;
  }

  answer(peer: PeerKey, question: Question): Promise<void> {
    switch (question.type) {
      case 'getVertices':
        return this.#sendVertices(peer, question.ids);
      case 'getChain':
        return this.#sendChain(peer, question.id, question.count);
      case 'getBatches':
        return this.#sendBatches(peer, question.ids);
      case 'getCheckpoint':
        return this.#sendCheckpoint(peer, question.height);
      case 'getChanges':
        return this.#sendChanges(peer, question.epoch);
      case 'getPeaks':
        return this.#sendPeaks(peer, question.size);
      case 'getHeader':
        return this.#sendHeader(peer, question.id, question.size);
    }
  }

  async #sendVertices(peer: PeerKey, ids: readonly Uint8Array[]): Promise<void> {
    const vertices: Vertex[] = [];
    for (const id of ids) {
      const vertex = await this.#readVertex(id);
      if (vertex !== undefined) vertices.push(vertex);
    }
    this.#answerVertices(peer, vertices);
  }

  /** Newest first, so that each comes after what waits for it. */
  async #sendChain(peer: PeerKey, id: Uint8Array, count: number): Promise<void> {
    const vertices: Vertex[] = [];
    let next: Uint8Array | undefined = id;
    while (next !== undefined && vertices.length < count) {
      const vertex: Vertex | undefined = await this.#readVertex(next);
      if (vertex === undefined) break;
      vertices.push(vertex);
      next = vertex.sequence === 1 ? undefined : vertex.previous;
    }
    this.#answerVertices(peer, vertices);
  }

  /** `[RDG-6]` The state decides at this moment who is told what; what is told is noted. */
  async #sendBatches(peer: PeerKey, ids: readonly Uint8Array[]): Promise<void> {
    const { disclosure, send, notice } = this.#ports;
    const party = disclosure.partyOf(peer);
    const passed: Vertex[] = [];
    const refused: Uint8Array[] = [];
    for (const id of ids) {
      const vertex = await this.#readVertex(id);
      const held = vertex?.kind === 'readings' && vertex.payload.length > 0;
      const payload = held ? batch.decode(vertex.payload) : undefined;
      const mayPass =
        party !== undefined && payload?.ok && disclosure.mayPass(payload.value, vertex!.author, party);
      if (mayPass) passed.push(vertex!);
      else refused.push(id);
      if (held && !mayPass) notice({ type: 'refused', code: 'E_SCOPE', facts: { vertex: vertex.key }, peer });
    }
    if (passed.length > 0) notice({ type: 'disclosed', peer, vertices: passed.map(({ key }) => key) });
    for (const vertices of grouped(passed.map(encodeVertex), FRAME_FILL_BYTES))
      send(peer, { type: 'batches', vertices, refused: [] });
    if (refused.length > 0) send(peer, { type: 'batches', vertices: [], refused });
  }

  async #sendCheckpoint(peer: PeerKey, height: number): Promise<void> {
    const stored = await this.#ports.store.checkpoint(height);
    if (stored !== undefined) this.#ports.send(peer, { type: 'checkpoint', ...stored });
  }

  /** `[SNP-1]` */
  async #sendChanges(peer: PeerKey, epoch: number): Promise<void> {
    const changes = [];
    while (changes.length < CHANGES_PER_ANSWER_MAX) {
      const bytes = await this.#ports.store.committeeChange(epoch + changes.length);
      if (bytes === undefined) break;
      const change = committeeChange.decode(bytes);
      invariant(change.ok, `the stored change of committee after epoch ${epoch} decodes`);
      changes.push(change.value);
    }
    this.#ports.send(peer, { type: 'changes', epoch, changes });
  }

  /** `[SNP-4]` */
  async #sendPeaks(peer: PeerKey, size: number): Promise<void> {
    const hashes = await readPeaks(this.#ports.store, size);
    if (hashes !== undefined) this.#ports.send(peer, { type: 'peaks', size, hashes });
  }

  /** `[SNP-5]` */
  async #sendHeader(peer: PeerKey, id: Uint8Array, size: number): Promise<void> {
    const { store, send } = this.#ports;
    const height = await store.headerHeight(toHex(id));
    if (height === undefined || height >= size) return;
    const stored = await store.checkpoint(height);
    const path = stored && (await readHistoryPath(store, height, size));
    if (path !== undefined) send(peer, { type: 'provedHeader', size, header: stored!.header, path });
  }

  /** `[MSG-7]` In frames that leave room for votes. */
  async sendSealed(peer: PeerKey, ids: readonly Uint8Array[], absent: readonly Uint8Array[]): Promise<void> {
    const { store, send } = this.#ports;
    const gone = [...absent];
    let messages: { readonly id: Uint8Array; readonly ciphertext: Uint8Array }[] = [];
    let bytes = 0;
    for (const id of ids) {
      const ciphertext = await store.message(toHex(id));
      // Received by another node of the recipient's since it was asked for.
      if (ciphertext === undefined) gone.push(id);
      else {
        messages.push({ id, ciphertext });
        bytes += ciphertext.length;
      }
      if (bytes < FRAME_FILL_BYTES) continue;
      send(peer, { type: 'sealed', messages, absent: [] });
      [messages, bytes] = [[], 0];
    }
    if (messages.length > 0 || gone.length > 0) send(peer, { type: 'sealed', messages, absent: gone });
  }

  async #readVertex(id: Uint8Array): Promise<Vertex | undefined> {
    const envelope = await this.#ports.store.vertex(toHex(id));
    const decoded = envelope && decodeVertex(envelope);
    return decoded?.ok ? decoded.value : undefined;
  }

  #answerVertices(peer: PeerKey, vertices: readonly Vertex[]): void {
    const envelopes = vertices.map((vertex) => encodeVertex(withoutReadings(vertex)));
    for (const group of grouped(envelopes, FRAME_FILL_BYTES))
      this.#ports.send(peer, { type: 'vertices', vertices: group });
  }
}
