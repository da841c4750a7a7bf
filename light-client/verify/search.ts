/**
 * The search certificate, for whoever must know whether goods are pledged and cannot ask the ledger: what stands under
 * an identifier, and that nothing else does. As of one header; the last sentences say what it does not say.
 */

import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import type { ObjectType, ValueOf } from '../../consensus/contracts/object.ts';
import { encumbrance } from '../../consensus/contracts/objects/encumbrance.ts';
import { pledge } from '../../consensus/contracts/objects/pledge.ts';
import { receipt } from '../../consensus/contracts/objects/receipt.ts';
import { unit } from '../../consensus/contracts/objects/unit.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import type { Statement } from '../proof/bundle.ts';
import type { StateProof } from '../proof/state-proof.ts';
import { because, type Fact, isoTime, no, yes } from './fact.ts';
import { describeFields, openObject } from './opened.ts';

type Search = Extract<Statement, { readonly type: 'search' }>;

/** What a proof must be about, as the certificate or another of its proofs names it. */
interface Subject<T> {
  readonly type: ObjectType<T>;
  readonly id: Uint8Array;
  readonly name: string;
}

export function* checkSearch(shown: Search, { network }: Genesis): Generator<Fact> {
  const { scheme, label, unit: unitProof, encumbrance: heldProof, receipts, pledges } = shown;
  const name = `${scheme.toUpperCase()} ${label}`;
  const id = labelKey(network, scheme, label);
  const { header } = unitProof;
  for (const proof of [heldProof, ...receipts, ...pledges]) {
    if (!equalBytes(headerId(proof.header), headerId(header)))
      return yield no(
        'E_PROOF',
        `The proof of the ${proof.type} is of another moment than that of the goods.`,
      );
  }
  const goods = checkSubject(unitProof, { type: unit, id, name });
  if ('ok' in goods) return yield goods;
  const held = checkSubject(heldProof, { type: encumbrance, id, name: `what ${name} carries` });
  if ('ok' in held) return yield held;
  const asOf = `As of ${isoTime(header.time)} (checkpoint ${header.height})`;
  if (goods.value === undefined) {
    if (held.value !== undefined || receipts.length + pledges.length > 0)
      return yield no('E_PROOF', `${name} is not registered, and yet something is shown about it.`);
    yield yes(`${asOf}, no goods are registered under ${name}, and so no pledge of such goods is on record.`);
    return yield* limitsOf(unitProof);
  }
  const wanted = goods.value.receipts ?? [];
  const entries = held.value?.entries ?? [];
  const short = checkComplete(receipts, wanted, 'receipt', 'the record of the goods');
  if (short !== undefined) return yield short;
  const fewer = checkComplete(
    pledges,
    entries.map((entry) => entry.pledge),
    'pledge',
    'the encumbrance',
  );
  if (fewer !== undefined) return yield fewer;
  const facts: Fact[] = [];
  for (const [index, proof] of receipts.entries()) {
    const document = checkSubject(proof, { type: receipt, id: wanted[index]!, name: 'a receipt over them' });
    if ('ok' in document) return yield document;
    if (document.value === undefined) return yield missing('receipt', wanted[index]!);
    facts.push(yes(`Receipt ${toHex(wanted[index]!)} over them is ${document.value.state}.`));
  }
  for (const [index, proof] of pledges.entries()) {
    const entry = entries[index]!;
    const agreed = checkSubject(proof, { type: pledge, id: entry.pledge, name: 'a pledge on them' });
    if ('ok' in agreed) return yield agreed;
    if (agreed.value === undefined) return yield missing('pledge', entry.pledge);
    facts.push(yes(pledgeText(entry, agreed.value)));
  }
  yield yes(`${asOf}, ${name} stands on the ledger as one record of goods, ${goods.value.state}.`);
  yield* facts;
  const count = entries.length;
  yield yes(
    count === 0
      ? `${asOf}, ${name} carries no pledge and no reservation: the place where one would stand is proved empty.`
      : `${asOf}, ${name} carries ${count === 1 ? 'that one entry' : `those ${count} entries`} and no other: the record that would name another is proved whole.`,
  );
  yield* limitsOf(unitProof);
}

type Entry = ValueOf<typeof encumbrance>['entries'][number];

function pledgeText(entry: Entry, agreed: Partial<ValueOf<typeof pledge>>): string {
  const what = entry.state === 'RESERVED' ? 'A reservation' : `A pledge of rank ${entry.rank}`;
  const since = agreed.perfectedAt === 0 ? '' : `, perfected at checkpoint ${agreed.perfectedAt}`;
  return `${what} is on them: ${toHex(entry.pledge)}, ${agreed.state}${since}.`;
}

function* limitsOf(unitProof: StateProof): Generator<Fact> {
  if (unitProof.parts?.some((part, index) => index > 0 && part.type === 'open'))
    yield yes(`Whoever made it also opened of the goods: ${describeFields(unitProof, unit)}.`);
  else
    yield yes('Sealed, and not said by it: whose the goods are, how much is there, and how much is pledged.');
  yield yes(
    'It does not say: what happened after that moment; what is agreed or registered outside this ledger, such as retention of title, a lien or a public register; that the goods exist or what they are worth. A reservation whose time is over stands until somebody asks for the goods.',
  );
}

/** What is opened of the subject, nothing for a proved absence; or what is wrong with its proof. */
function checkSubject<T>(
  proof: StateProof,
  { type, id, name }: Subject<T>,
): { readonly value: Partial<T> | undefined } | Fact {
  if (proof.type !== type.name || !equalBytes(proof.id, id))
    return no('E_PROOF', `The proof of ${name} is about another object: ${proof.type} ${toHex(proof.id)}.`);
  const shown = openObject(proof, type);
  if (!shown.ok) return because(`The state of ${name} is not proved`, shown);
  if (shown.value !== undefined && proof.parts![0]!.type !== 'open')
    return no('E_PROOF', `The open part of ${name} is not shown.`);
  return { value: shown.value as Partial<T> | undefined };
}

/** One proof for each object that is named, in the same order; what is missing or too much is named. */
function checkComplete(
  proofs: readonly StateProof[],
  named: readonly Uint8Array[],
  kind: string,
  by: string,
): Fact | undefined {
  for (const [index, id] of named.entries()) {
    if (proofs[index] === undefined || !equalBytes(proofs[index].id, id)) return missing(kind, id, by);
  }
  return proofs.length > named.length
    ? no('E_PROOF', `A ${kind} is shown that ${by} does not name: ${toHex(proofs.at(-1)!.id)}.`)
    : undefined;
}

function missing(kind: string, id: Uint8Array, by = 'the certificate'): Fact {
  return no(
    'E_PROOF',
    `The ${kind} ${toHex(id)}, which ${by} names, is not shown: the certificate is not whole.`,
  );
}
