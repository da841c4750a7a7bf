/**
 * Calls on their way to the ledger: composed from JSON, signed here and elsewhere, put together again, tried against
 * the present state. Nothing here submits. docs/guides/api.md.
 */

import { openEvidence } from '../../consensus/checkpoint/evidence.ts';
import { equalBytes, fromHex, toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { runCall } from '../../consensus/contracts/engine.ts';
import { transitions } from '../../consensus/contracts/index.ts';
import { key } from '../../consensus/contracts/registry.ts';
import { Draft } from '../../consensus/contracts/state.ts';
import type { ContractRefusal } from '../../consensus/contracts/transition.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { zero32 } from '../../consensus/crypto/hash.ts';
import {
  callId,
  callNonceBytes,
  composeCall,
  type SignedCall,
  signCall,
  signedCall,
} from '../../consensus/vertex/call.ts';
import type { Clock, Random } from '../ports.ts';
import { openCall, type WantedSigner, wantedSigners, withSignatures } from '../replica/call-signers.ts';
import type { Ledger } from '../replica/ledger.ts';
import { nextTime } from '../replica/reading-context.ts';
import { argsJson, encodeArgs, type JsonObject, type ProveReading } from './call-args.ts';
import { type InTheWay, inTheWay } from './in-the-way.ts';

const DEADLINE_DEFAULT_MS = 3_600_000;
/** Copies of one call that are put together at once: no more than can sign it. */
export const copiesMax = limits.signersMax;

export interface CheckedCall {
  readonly refusal: ContractRefusal | undefined;
  /** The object that the refusal names. */
  readonly object: InTheWay | undefined;
  /** Objects it would write or remove, in no meaningful order. */
  readonly writes: readonly { readonly type: string; readonly id: string }[];
  /** The state that it was tried on. */
  readonly height: number;
  readonly time: number;
}

export class Calls {
  readonly #ledger: Ledger;
  readonly #signer: Signer;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #proveReading: ProveReading;

  constructor(ports: {
    readonly ledger: Ledger;
    readonly signer: Signer;
    readonly random: Random;
    readonly clock: Clock;
    readonly proveReading: ProveReading;
  }) {
    this.#ledger = ports.ledger;
    this.#signer = ports.signer;
    this.#random = ports.random;
    this.#clock = ports.clock;
    this.#proveReading = ports.proveReading;
  }

  /**
   * Composes an unsigned call. Without a `deadline` (ms) it has an hour, or less where the policy says so. With the `nonce`
   * of an earlier call, in hexadecimal, only one of the two takes effect `[CTR-29]`.
   */
  async compose(
    name: string,
    args: JsonObject,
    { deadline, nonce }: { readonly deadline?: number; readonly nonce?: string } = {},
  ): Promise<Result<SignedCall>> {
    const declared = transitions.get(name);
    if (declared === undefined)
      return refuse('E_SCHEMA', {
        field: 'transition',
        got: name,
        reason: 'no such transition; GET /v1/transitions lists them',
      });
    const { network, record } = this.#ledger.genesis;
    const now = this.#clock.now();
    // Against the last checkpoint's time: whatever checkpoint executes the call comes later.
    const latest = this.#ledger.header.time + record.policy.callLifeMs;
    const wanted = deadline ?? Math.min(now + DEADLINE_DEFAULT_MS, latest);
    if (wanted > latest)
      return refuse('E_SCHEMA', { field: 'deadline', reason: 'too far ahead', got: wanted, most: latest });
    if (wanted <= now) return refuse('E_EXPIRED', { field: 'deadline', got: wanted, time: now });
    const given = nonce === undefined ? undefined : fromHex(nonce);
    if (nonce !== undefined && given?.length !== callNonceBytes)
      return refuse('E_SCHEMA', {
        field: 'nonce',
        reason: `expected ${2 * callNonceBytes} hexadecimal digits`,
      });
    const values = await encodeArgs(declared, args, network, this.#proveReading);
    if (!values.ok) return values;
    const salts = [this.#random.bytes(32), this.#random.bytes(32)] as const;
    const composed = composeCall({
      network,
      transition: name,
      values: values.value,
      salts,
      nonce: given ?? this.#random.bytes(callNonceBytes),
      deadline: wanted,
    });
    const { length } = signedCall.encode(composed);
    return length <= limits.callBytesMax
      ? ok(composed)
      : refuse('E_LIMIT_BYTES', { bytes: length, limit: limits.callBytesMax });
  }

  /** Opens copies of one call, in hexadecimal, and puts their signatures together. */
  open(copies: readonly string[]): Result<SignedCall> {
    if (copies.length === 0 || copies.length > copiesMax)
      return refuse('E_SCHEMA', { field: 'call', reason: `expected 1 to ${copiesMax} copies` });
    let merged: SignedCall | undefined;
    for (const copy of copies) {
      const opened = this.#openOne(copy);
      if (!opened.ok) return opened;
      if (merged === undefined) merged = opened.value;
      else if (equalBytes(callId(merged.header), callId(opened.value.header)))
        merged = withSignatures(merged, opened.value.signatures);
      else return refuse('E_SCHEMA', { field: 'call', reason: 'copies of different calls' });
    }
    const count = merged!.signatures.length;
    return count <= limits.signersMax
      ? ok(merged!)
      : refuse('E_SIG', { reason: 'more signatures than a call takes', count, most: limits.signersMax });
  }

  /** Adds this node's signature; once is enough. */
  sign(call: SignedCall): Result<SignedCall> {
    const { deadline } = call.header;
    const now = this.#clock.now();
    if (deadline <= now) return refuse('E_EXPIRED', { deadline, time: now });
    const own = call.signatures.some((entry) => equalBytes(entry.key, this.#signer.publicKey));
    if (!own && call.signatures.length === limits.signersMax)
      return refuse('E_SIG', { reason: 'more signatures than a call takes', most: limits.signersMax });
    return ok(own ? call : withSignatures(call, [signCall(call, this.#signer)]));
  }

  /** Runs the call on the present state and throws the effects away. */
  check(call: SignedCall): CheckedCall {
    const draft = new Draft(this.#ledger.state);
    const context = this.#ledger.executionContext(this.#nextTime());
    const { network, recentHeaders, height, time } = context;
    const evidence = (proofBytes: Uint8Array) => openEvidence(proofBytes, network, recentHeaders);
    const refusal = runCall(call, zero32, draft, { ...context, evidence });
    const writes = draft.changes().flatMap(({ path, object }) => {
      const found = object ?? this.#ledger.state.find(toHex(path));
      return found === undefined ? [] : [{ type: found.type, id: toHex(found.id) }];
    });
    const object = refusal && inTheWay(refusal.code, refusal.conflict, this.#ledger.state);
    return { refusal, object, writes, height, time };
  }

  /** The object that an outcome names as standing in the way, as the state is now. */
  objectOf({ code, conflict }: { readonly code: Code; readonly conflict: string }): InTheWay | undefined {
    return inTheWay(code, fromHex(conflict), this.#ledger.state);
  }

  /** Who must sign, as far as the present state tells; `undefined` when something it names does not exist. */
  wantedSigners(call: SignedCall): readonly WantedSigner[] | undefined {
    const wanted = wantedSigners(call, this.#ledger, this.#nextTime());
    return wanted.ok ? wanted.value : undefined;
  }

  /** What a call says, of the classes `visible`: for whoever is asked to sign it. */
  describe(call: SignedCall, visible: readonly number[]): { readonly [field: string]: Json } {
    const { header, parts, signatures } = call;
    const declared = transitions.get(header.transition);
    return {
      callId: toHex(callId(header)),
      transition: header.transition,
      deadline: header.deadline,
      nonce: toHex(header.nonce),
      args:
        declared === undefined
          ? {}
          : argsJson(
              declared,
              parts.map((part) => part.value),
              visible,
            ),
      signatures: signatures.map((entry) => {
        const enrolled = this.#ledger.state.get(key, entry.key);
        return { key: toHex(entry.key), party: enrolled === undefined ? null : toHex(enrolled.party) };
      }),
    };
  }

  #openOne(hex: string): Result<SignedCall> {
    const bytes = fromHex(hex);
    if (bytes === undefined) return refuse('E_SCHEMA', { field: 'call', reason: 'not hexadecimal' });
    return openCall(bytes, this.#ledger.genesis.network);
  }

  #nextTime(): number {
    return nextTime(this.#ledger, this.#clock.now());
  }
}
