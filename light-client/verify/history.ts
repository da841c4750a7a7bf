/**
 * The history of an object, from the call that created it to its present version `[CTR-25]`. The present version names
 * the last call, each call's record names the call before, and records are never written again: so no hop can be left
 * out, and none put in. docs/spec/proofs.md.
 */

import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { checkVertexProof, outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { callNamed, hasHistory } from '../../consensus/contracts/links.ts';
import { objectPath, type ValueOf } from '../../consensus/contracts/object.ts';
import { callRecord } from '../../consensus/contracts/registry.ts';
import { objectTypes } from '../../consensus/contracts/views.ts';
import { callId, callPayloadHash } from '../../consensus/vertex/call.ts';
import { type CertifiedHeader, checkAnchored } from '../proof/anchor.ts';
import type { Hop, Statement } from '../proof/bundle.ts';
import { commitmentOf } from '../proof/state-proof.ts';
import { because, type Fact, isoTime, no, short, yes } from './fact.ts';
import { type Classes, describeFields, describeParts, openObject } from './opened.ts';
import { badSignature } from './signatures.ts';

/** Evidence among the arguments is long, and says nothing to a person. */
const ARG_TEXT_MAX = 120;

type History = Extract<Statement, { readonly type: 'history' }>;

/**
 * How each transition's arguments are laid out, so that a call can be told in words. Handed in, since whoever checks only
 * readings, as a gateway does, need not carry all contracts in its memory.
 */
export type Declarations = ReadonlyMap<string, { readonly args: { readonly classes: Classes } }>;

export function* checkHistory(
  { object, hops }: History,
  { network }: Genesis,
  certified: CertifiedHeader,
  declarations: Declarations = new Map(),
): Generator<Fact> {
  const type = objectTypes.get(object.type);
  if (type === undefined || !hasHistory(object.type))
    return yield no('E_SCHEMA', `“${object.type}” is no type of object that has a history.`);
  const name = `${object.type} ${toHex(object.id)}`;
  const present = openObject(object, type);
  if (!present.ok) return yield because(`The present version of the ${name} is not proved`, present);
  const [v0] = object.parts ?? [];
  if (present.value === undefined || v0?.type !== 'open')
    return yield no('E_PROOF', `The present version of the ${name} is not shown.`);
  const path = objectPath(object.type, object.id);
  let expected = callNamed(object.type, v0.value);
  const facts: Fact[] = [];
  for (let index = hops.length - 1; index >= 0; index--) {
    const hop = hops[index]!;
    if (expected === undefined)
      return yield no(
        'E_PROOF',
        `The history begins with hop ${index + 2}, and yet more is shown before it.`,
      );
    const fault = checkHop(hop, expected, network, certified);
    if ('ok' in fault) return yield fault;
    const { changed, transition } = fault;
    facts.push(yes(hopText(hop, index + 1, declarations.get(transition)?.args.classes, transition)));
    expected = changed.find((entry) => equalBytes(entry.path, path))?.before;
  }
  if (expected !== undefined)
    return yield no(
      'E_PROOF',
      `The history is cut short: before its first hop comes call ${toHex(expected)}, which is not shown.`,
    );
  yield* facts.reverse();
  const { height, time } = object.header;
  yield yes(
    `That is the whole history of the ${name} as of ${isoTime(time)} (checkpoint ${height}): hop 1 created it, each other changed it, and the thread of their records has no gap.`,
  );
  yield yes(`It is now: ${describeFields(object, type)}.`);
}

/** The record that a hop proves, once everything about it holds; else the fault. */
function checkHop(
  { record, vertex, path, call }: Hop,
  expected: Uint8Array,
  network: Uint8Array,
  certified: CertifiedHeader,
): ValueOf<typeof callRecord> | Fact {
  const name = `call ${toHex(expected)}`;
  if (record.type !== callRecord.name || !equalBytes(record.id, expected))
    return no('E_PROOF', `The next hop back is ${name}, and ${toHex(record.id)} is shown in its place.`);
  const shown = openObject(record, callRecord);
  if (!shown.ok) return because(`The record of ${name} is not proved`, shown);
  if (shown.value === undefined || record.parts![0]!.type !== 'open')
    return no('E_PROOF', `The record of ${name} is not shown.`);
  const value = shown.value as ValueOf<typeof callRecord>;
  const proved = checkVertexProof(vertex, network);
  if (!proved.ok) return because(`The vertex of ${name} is not proved`, proved);
  if (!equalBytes(vertex.outcome.id, value.vertex) || vertex.header.height !== value.height)
    return no('E_PROOF', `The vertex shown for ${name} is not the one that its record names.`);
  if (outcomeCode(vertex.outcome) !== 'OK')
    return no('E_PROOF', `The vertex of ${name} was refused, and changed nothing.`);
  const anchored = checkAnchored(vertex.header, { certified, path });
  if (!anchored.ok) return because(`The checkpoint of ${name} is not anchored`, anchored);
  const isItsCall =
    equalBytes(callId(call.header), expected) &&
    equalBytes(proved.value.payloadHash, callPayloadHash(call)) &&
    call.parts.every((part, index) => equalBytes(commitmentOf(part), call.header.parts[index]!));
  if (!isItsCall) return no('E_PAYLOAD', `What is shown of ${name} is not what its vertex carries.`);
  const forged = badSignature(call);
  return forged === undefined ? value : no('E_SIG', forged);
}

function hopText(
  { vertex, call }: Hop,
  number: number,
  classes: Classes | undefined,
  transition: string,
): string {
  const { height, time } = vertex.header;
  const signers = call.signatures.map(({ key }) => short(key)).join(', ');
  const args = classes === undefined ? '' : `, saying ${describeParts(call.parts, classes, ARG_TEXT_MAX)}`;
  return `Hop ${number}: “${transition}” (${short(callId(call.header))}) took effect in checkpoint ${height} of ${isoTime(time)}, signed by ${signers}${args}.`;
}
