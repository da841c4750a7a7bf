/** Acting on the ledger: a call is composed at one stakeholder's node, signed at several, submitted, and awaited. */

import { compareBytes, fromHex, toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { signCall, signedCall } from '../../consensus/vertex/call.ts';
import type { ApiClient } from './api-client.ts';
import type { PlayerName } from './cast.ts';

/** A submitted call is asked for again so often, as long as it is not final; across a killed leader, on a slow machine. */
const WAIT_MS = 30_000;
const WAITS_MAX = 8;

export interface Act {
  readonly transition: string;
  readonly args: { readonly [field: string]: Json };
  readonly signers: readonly PlayerName[];
  /** Composes and submits; the first signer when left out. */
  readonly submitter?: PlayerName;
  /** Keys without a node of their own that sign as well, such as a gateway's. */
  readonly keys?: readonly Signer[];
}

export interface Done {
  readonly callId: string;
  readonly vertex: string;
  readonly code: Code;
  /** What stood in the way, hex; zeros when nothing did. */
  readonly conflict: string;
  readonly height: number;
  /** From submission to certified checkpoint, as the submitter's node saw it. */
  readonly ms: number;
}

interface Outcome {
  readonly code: Code;
  readonly conflict: string;
  readonly height: number;
}
interface Submitted {
  readonly vertex: string;
  readonly outcome: Outcome | null;
}

export class Actors {
  readonly #clients: { readonly [N in PlayerName]: ApiClient };

  constructor(clients: { readonly [N in PlayerName]: ApiClient }) {
    this.#clients = clients;
  }

  client(name: PlayerName): ApiClient {
    return this.#clients[name];
  }

  /** Carries an act through to its outcome, whatever that is. */
  async perform({ transition, args, signers, submitter = signers[0], keys = [] }: Act): Promise<Done> {
    if (submitter === undefined)
      throw new TypeError('"submitter" expected one where nobody with a node signs');
    const composed = await this.#clients[submitter].post<{ call: string; callId: string }>('/v1/calls', {
      transition,
      args,
    });
    let call = addSignatures(composed.call, keys);
    for (const signer of signers)
      call = (await this.#clients[signer].post<{ call: string }>('/v1/calls/sign', { call })).call;
    const startedMs = Date.now();
    const { vertex, outcome } = await this.#submit(submitter, call);
    const done = { callId: composed.callId, vertex, ms: Date.now() - startedMs };
    // A node that was killed between submitting and answering is asked twice; the first of the two took effect.
    if (outcome.code === 'E_REPLAY')
      return { ...done, ...(await this.#original(submitter, outcome.conflict)) };
    return { ...done, ...outcome };
  }

  /** Like `perform`, for an act that must take effect. */
  async succeed(act: Act): Promise<Done> {
    const done = await this.perform(act);
    if (done.code !== 'OK')
      throw new Error(
        `${act.transition} by ${act.signers.join(', ')} was refused: ${done.code}, conflict ${done.conflict}`,
      );
    return done;
  }

  async #submit(name: PlayerName, call: string): Promise<{ vertex: string; outcome: Outcome }> {
    for (let waits = 0; waits < WAITS_MAX; waits++) {
      // Asked twice, a node does not submit twice.
      const { vertex, outcome } = await this.#clients[name].post<Submitted>(
        `/v1/calls/submit?wait=${WAIT_MS}`,
        { call },
      );
      if (outcome !== null) return { vertex, outcome };
    }
    throw new Error(`a call of ${name} was not final within ${(WAITS_MAX * WAIT_MS) / 1_000} s`);
  }

  async #original(name: PlayerName, vertex: string): Promise<Outcome & { vertex: string }> {
    const { outcome } = await this.#clients[name].get<Submitted>(`/v1/vertices/${vertex}`);
    if (outcome === null) throw new Error(`vertex ${vertex} took effect but has no outcome`);
    return { vertex, ...outcome };
  }
}

/** Signatures of keys that this process holds, each of them proof that its holder agrees. */
function addSignatures(callHex: string, keys: readonly Signer[]): string {
  if (keys.length === 0) return callHex;
  const call = signedCall.decode(fromHex(callHex)!);
  invariant(call.ok, 'the node composed this call');
  const signatures = [...call.value.signatures, ...keys.map((signer) => signCall(call.value, signer))];
  return toHex(
    signedCall.encode({ ...call.value, signatures: signatures.sort((a, b) => compareBytes(a.key, b.key)) }),
  );
}
