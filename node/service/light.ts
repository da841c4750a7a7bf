/** Answers light clients: takes their vertices, follows with headers, gives proofs. */

import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { describeRefusal, type Refusal, refuse } from '../../consensus/codec/result.ts';
import type { VisibilityClass } from '../../consensus/contracts/object.ts';
import { chain } from '../../consensus/contracts/registry.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { decodeVertex } from '../../consensus/vertex/vertex.ts';
import {
  CHANGES_PER_ANSWER_MAX,
  type LightRequest,
  type LightResponse,
  lightRequest,
  lightResponse,
} from '../../light-client/protocol/messages.ts';
import type { PeerKey } from '../ports.ts';
import type { Reply } from '../replica/events.ts';
import type { Runner } from '../runner.ts';
import { Access } from './access.ts';
import type { DurableHead } from './durable-head.ts';
import type { Prover } from './proofs.ts';

/** An object that was opened to a light client beyond what everybody sees: of such classes (R031). */
export interface Shared {
  readonly peer: PeerKey;
  readonly type: string;
  /** Hex. */
  readonly id: string;
  readonly classes: readonly VisibilityClass[];
}

/**
 * Answers one request frame of `peer` with one response frame. Bytes that are no request get a refusal, never silence.
 * `onShared` is told what of a party's own was opened.
 */
export async function answerLightClient(
  peer: PeerKey,
  frame: Uint8Array,
  runner: Runner,
  prover: Prover,
  onShared: (shared: Shared) => void = () => {},
): Promise<Uint8Array> {
  // A frame is nobody else's, and what it hands in is stored or refused before long.
  const request = lightRequest.decodeShared(frame, limits.frameBytesMax);
  if (!request.ok) return lightResponse.encode({ id: 0, body: refusal(request) });
  return lightResponse.encode({
    id: request.value.id,
    body: await answer(peer, request.value.body, runner, prover, onShared),
  });
}

/** The answer of a node that does not serve light clients. */
export async function declineLightClient(frame: Uint8Array): Promise<Uint8Array> {
  const request = lightRequest.decode(frame, limits.frameBytesMax);
  const reason = refuse('E_SCOPE', { reason: 'this node does not serve light clients' });
  return lightResponse.encode({
    id: request.ok ? request.value.id : 0,
    body: refusal(request.ok ? reason : request),
  });
}

/** What is pushed to every light client when a checkpoint is durable. */
export function newestHead(durable: DurableHead): Uint8Array {
  return lightResponse.encode({ id: 0, body: head(durable) });
}

async function answer(
  peer: PeerKey,
  request: LightRequest,
  runner: Runner,
  prover: Prover,
  onShared: (shared: Shared) => void,
): Promise<LightResponse> {
  switch (request.type) {
    case 'head':
      return head(prover.head);
    case 'submit':
      return { type: 'submitted', ...verdictOf(await submit(request.envelope, peer, runner, prover)) };
    case 'submitMany': {
      const { envelopes } = request;
      const reply = await runner.dispatchDurable({ type: 'submitMany', envelopes, client: peer });
      const replies = reply.type === 'each' ? reply.replies : envelopes.map(() => reply);
      const refused = replies.map((one, place) => refusalOf(one, envelopes[place]!, prover));
      return { type: 'submittedMany', verdicts: (await Promise.all(refused)).map(verdictOf) };
    }
    case 'proveVertex': {
      return { type: 'vertex', proof: await prover.inclusion(toHex(request.id), request.under) };
    }
    case 'proveObject': {
      // A gateway sees what its party may see, and nothing of other parties' files.
      const access = new Access(runner.replica.ledger, fromHex(peer) ?? zero32);
      let classes: readonly VisibilityClass[] = [];
      const proved = await prover.object(request.objectType, request.id, (stored) => {
        classes = access.classesOf(stored);
        return classes;
      });
      if (proved.ok && classes.some((visibility) => visibility > 0))
        onShared({ peer, type: request.objectType, id: toHex(request.id), classes });
      return proved.ok ? { type: 'object', ...proved.value } : refusal(proved);
    }
    case 'changes':
      return { type: 'changes', changes: await prover.changes(request.epoch, CHANGES_PER_ANSWER_MAX) };
    case 'chain': {
      const known = runner.replica.ledger.state.get(chain, request.key);
      return { type: 'chain', sequence: known?.lastSequence ?? 0, id: known?.lastId ?? zero32 };
    }
  }
}

/** The refusal, or nothing once the vertex is durable here: the client may then forget it. */
async function submit(
  envelope: Uint8Array,
  client: PeerKey,
  runner: Runner,
  prover: Prover,
): Promise<Refusal | undefined> {
  return refusalOf(await runner.dispatchDurable({ type: 'submit', envelope, client }), envelope, prover);
}

async function refusalOf(reply: Reply, envelope: Uint8Array, prover: Prover): Promise<Refusal | undefined> {
  if (reply.type === 'refused') return reply.refusal;
  if (reply.type === 'taken') return undefined;
  // Known already, or a node that is stopping and took nothing: only the store tells.
  const vertex = decodeVertex(envelope);
  const held = vertex.ok && (await prover.storedVertex(vertex.value.key)) !== undefined;
  return held ? undefined : refuse('E_FULL', { reason: 'the node is stopping' });
}

function verdictOf(refused: Refusal | undefined): { readonly code: string; readonly detail: string } {
  if (refused === undefined) return { code: 'OK', detail: '' };
  return { code: refused.code, detail: printable(describeRefusal(refused)) };
}

function head({ certified }: DurableHead): LightResponse {
  return { type: 'head', certified };
}

function refusal(refused: Refusal): LightResponse {
  return { type: 'refused', code: refused.code, detail: printable(describeRefusal(refused)) };
}

/** Facts may hold a foreign character; on the wire text is printable ASCII. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
