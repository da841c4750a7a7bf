/** What each kind of statement must show, as sentences. Stops at the first check that fails. */

import { checkReadingProof } from '../../consensus/checkpoint/evidence.ts';
import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { checkVertexProof, outcomeCode } from '../../consensus/checkpoint/outcome.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { codes } from '../../consensus/codec/codes.ts';
import { encumbrance } from '../../consensus/contracts/objects/encumbrance.ts';
import { device, labelKey } from '../../consensus/contracts/registry.ts';
import { objectTypes } from '../../consensus/contracts/views.ts';
import { callId, callPayloadHash, commitPart } from '../../consensus/vertex/call.ts';
import { formatDecimal } from '../../consensus/vertex/decimal.ts';
import { verifyFrame } from '../../consensus/vertex/frame.ts';
import { quantities } from '../../consensus/vertex/quantities.ts';
import type { CertifiedHeader } from '../proof/anchor.ts';
import type { Statement } from '../proof/bundle.ts';
import { checkStateProof } from '../proof/state-proof.ts';
import { because, type Fact, no, short, yes } from './fact.ts';
import { checkHistory, type Declarations } from './history.ts';
import { describeFields, openObject } from './opened.ts';
import { checkSearch } from './search.ts';
import { badSignature } from './signatures.ts';

type StatementOf<T extends Statement['type']> = Extract<Statement, { readonly type: T }>;

export function* checkStatement(
  statement: Statement,
  genesis: Genesis,
  certified: CertifiedHeader,
  declarations?: Declarations,
): Generator<Fact> {
  switch (statement.type) {
    case 'reading':
      return yield* checkReading(statement, genesis);
    case 'call':
      return yield* checkCall(statement, genesis);
    case 'object':
      return yield* checkObject(statement);
    case 'unpledged':
      return yield* checkUnpledged(statement, genesis);
    case 'search':
      return yield* checkSearch(statement, genesis);
    case 'history':
      return yield* checkHistory(statement, genesis, certified, declarations);
  }
}

function* checkReading(
  { proof, device: owner }: StatementOf<'reading'>,
  { network }: Genesis,
): Generator<Fact> {
  const { frame } = proof.frame;
  const name = `frame ${frame.counter} of device ${frame.device}`;
  const vertex = checkReadingProof(proof, network);
  if (!vertex.ok) return yield because(`The ${name} is not proved`, vertex);
  yield yes(
    `The batch of gateway ${short(vertex.value.author)} took effect in checkpoint ${proof.vertex.header.height}, and the ${name} is in it.`,
  );
  const values = frame.readings.map(
    ({ quantity, value }) => `${quantity} ${formatDecimal(value)} ${quantities[quantity].unit}`,
  );
  yield yes(
    `The device said at ${new Date(frame.time).toISOString()} by its own clock: ${values.join(', ')}.`,
  );
  if (owner === undefined)
    return yield yes('The bundle does not say whether the sensor itself signed; its gateway vouches for it.');
  const shown = openObject(owner, device);
  if (!shown.ok) return yield because('The device’s record is not proved', shown);
  const isOwn = equalBytes(owner.id, labelKey(network, 'device', frame.device));
  if (owner.type !== device.name || !isOwn || shown.value === undefined)
    return yield no('E_PROOF', 'The record in the bundle is not this device’s.');
  const { key, state } = shown.value as { readonly key: Uint8Array; readonly state: string };
  if (key.length === 0)
    return yield yes(
      `The device is enrolled (${state}) without a key: it cannot sign, its gateway vouches for it.`,
    );
  if (!verifyFrame(frame, network, key))
    return yield no('E_SIG', 'The sensor’s own signature does not verify.');
  yield yes(
    `The device is enrolled (${state}), and the sensor’s own signature verifies: no hop on the way could change the reading.`,
  );
}

function* checkCall({ proof, call }: StatementOf<'call'>, { network }: Genesis): Generator<Fact> {
  const vertex = checkVertexProof(proof, network);
  if (!vertex.ok) return yield because('The transaction is not proved', vertex);
  const isItsCall =
    vertex.value.kind === 'transaction' && equalBytes(vertex.value.payloadHash, callPayloadHash(call));
  const isOpened = call.parts.every((part, index) => equalBytes(commitPart(part), call.header.parts[index]!));
  if (!isItsCall || !isOpened || !equalBytes(call.header.network, network))
    return yield no('E_PAYLOAD', 'The call is not the one that the vertex carries.');
  const forged = badSignature(call);
  if (forged !== undefined) return yield no('E_SIG', forged);
  const signers = call.signatures.map(({ key }) => short(key)).join(', ');
  yield yes(
    `The call “${call.header.transition}” (${short(callId(call.header))}) was signed by ${countKeys(call.signatures.length)}: ${signers}.`,
  );
  const code = outcomeCode(proof.outcome);
  const where = `in checkpoint ${proof.header.height}`;
  if (code === 'OK') return yield yes(`It took effect ${where}.`);
  const zero = proof.outcome.conflict.every((byte) => byte === 0);
  const winner = zero ? '' : ` What stood in its way: ${toHex(proof.outcome.conflict)}.`;
  yield yes(`It was refused ${where} with ${code}: ${codes[code]}.${winner}`);
}

function* checkObject({ proof }: StatementOf<'object'>): Generator<Fact> {
  const type = objectTypes.get(proof.type);
  if (type === undefined)
    return yield no('E_SCHEMA', `“${proof.type}” is no type of object that this verifier knows.`);
  const shown = openObject(proof, type);
  if (!shown.ok) return yield because(`The ${proof.type} ${short(proof.id)} is not proved`, shown);
  const where = `at checkpoint ${proof.header.height}`;
  if (shown.value === undefined) return yield yes(`There is no ${proof.type} ${toHex(proof.id)} ${where}.`);
  yield yes(
    `The ${proof.type} ${toHex(proof.id)} stands in the state ${where}: ${describeFields(proof, type)}.`,
  );
}

function* checkUnpledged(
  { scheme, label, except, unit, encumbrance: held }: StatementOf<'unpledged'>,
  { network }: Genesis,
): Generator<Fact> {
  const name = `${scheme.toUpperCase()} ${label}`;
  const id = labelKey(network, scheme, label);
  const isAboutUnit =
    unit.type === 'unit' &&
    held.type === encumbrance.name &&
    equalBytes(unit.id, id) &&
    equalBytes(held.id, id);
  if (!isAboutUnit) return yield no('E_PROOF', `The proofs are about something else than ${name}.`);
  const registered = checkStateProof(unit);
  if (!registered.ok) return yield because(`That ${name} is registered is not proved`, registered);
  if (registered.value === 'absent')
    return yield no('E_NOT_FOUND', `${name} is not registered: that it carries no pledge says nothing.`);
  yield yes(`${name} is registered at checkpoint ${unit.header.height}.`);
  const shown = openObject(held, encumbrance);
  if (!shown.ok) return yield because(`What ${name} carries is not proved`, shown);
  const where = `at checkpoint ${held.header.height}`;
  if (except === undefined) {
    return yield shown.value === undefined
      ? yes(`${name} carries no pledge ${where}.`)
      : no('E_ENCUMBERED', `${name} does carry a pledge ${where}.`);
  }
  const { entries } = (shown.value ?? { entries: [] }) as {
    readonly entries: readonly { readonly pledge: Uint8Array }[];
  };
  const isAlone = entries.length === 1 && equalBytes(entries[0]!.pledge, except);
  yield isAlone
    ? yes(`${name} carries pledge ${toHex(except)} and no other ${where}.`)
    : no('E_ENCUMBERED', `${name} does not carry pledge ${toHex(except)} alone ${where}.`);
}

function countKeys(count: number): string {
  return count === 1 ? '1 key' : `${count} keys`;
}
