/** Answers light clients: takes their vertices, follows with headers, gives proofs. */

import { toHex } from '../../consensus/codec/bytes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { describeRefusal, type Refusal } from '../../consensus/codec/result.ts';
import { chain } from '../../consensus/contracts/registry.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import { type LightRequest, lightRequest, type LightResponse, lightResponse } from '../../light-client/protocol/messages.ts';
import type { Runner } from '../runner.ts';
import type { Prover } from './proofs.ts';

/** Answers one request frame with one response frame. Bytes that are no request get a refusal, never silence. */
export async function answerLightClient(frame: Uint8Array, runner: Runner, prover: Prover): Promise<Uint8Array> {
  const request = lightRequest.decode(frame, limits.frameBytesMax);
  if (!request.ok) return lightResponse.encode({ id: 0, body: refusal(request) });
  return lightResponse.encode({ id: request.value.id, body: await answer(request.value.body, runner, prover) });
}

/** What is pushed to every light client when a checkpoint is certified. */
export function newestHead(runner: Runner): Uint8Array {
  return lightResponse.encode({ id: 0, body: head(runner) });
}

async function answer(request: LightRequest, runner: Runner, prover: Prover): Promise<LightResponse> {
  switch (request.type) {
    case 'head':
      return head(runner);
    case 'submit': {
      const reply = await runner.dispatchDurable({ type: 'submit', envelope: request.envelope });
      if (reply.type !== 'refused') return { type: 'submitted', code: 'OK', detail: '' };
      return { type: 'submitted', code: reply.refusal.code, detail: printable(describeRefusal(reply.refusal)) };
    }
    case 'proveVertex': {
      const proved = await prover.vertex(toHex(request.id));
      return { type: 'vertex', proof: proved && { vertex: proved.proof, anchor: proved.anchor } };
    }
    case 'proveObject': {
      const proved = prover.object(request.objectType, request.id, [0, 1, 2]);
      return proved === undefined ? { type: 'refused', code: 'E_UNKNOWN', detail: 'no checkpoint is certified yet' } : { type: 'object', ...proved };
    }
    case 'chain': {
      const known = runner.replica.ledger.state.get(chain, request.key);
      return { type: 'chain', sequence: known?.lastSequence ?? 0, id: known?.lastId ?? zero32 };
    }
  }
}

function head(runner: Runner): LightResponse {
  const { header, certificate } = runner.replica.ledger;
  return { type: 'head', certified: certificate && { header, certificate } };
}

function refusal(refused: Refusal): LightResponse {
  return { type: 'refused', code: refused.code, detail: printable(describeRefusal(refused)) };
}

/** Facts may hold a foreign character; on the wire text is printable ASCII. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
