/**
 * How goods passed under receipts (R101): from the first receipt through every split to those that live, with who owned
 * each, and the sums along the way. What was issued is always what still stands and what left against it.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { type Found, Survey } from '../../consensus/contracts/invariants/survey.ts';
import { objectPath, type ValueOf } from '../../consensus/contracts/object.ts';
import { movement } from '../../consensus/contracts/objects/movement.ts';
import { receipt } from '../../consensus/contracts/objects/receipt.ts';
import type { Ledger } from '../replica/ledger.ts';
import type { Access } from './access.ts';

export interface PathNode {
  readonly receipt: string;
  readonly state: string;
  /** Null where this node's party may not be told. */
  readonly owner: string | null;
  readonly grams: number | null;
  /** Grams that left the warehouse against it. */
  readonly left: number | null;
  readonly parts: readonly PathNode[];
}

export interface ReceiptPath {
  readonly root: PathNode;
  /** Grams of the first receipt when it was issued, of those that stand now, and of what left; null where not all is seen. */
  readonly issued: number | null;
  readonly standing: number | null;
  readonly left: number | null;
  /** Grams that went into receipts of their own by merging. */
  readonly merged: number | null;
  /** Every split's parts sum to what was split, and the whole to what was issued; null where not all is seen. */
  readonly constant: boolean | null;
}

type Document = ValueOf<typeof receipt>;

/** The whole tree that the receipt belongs to, from what was issued or merged on; `sees` tells which receipts may be opened. */
export function readPath(id: Uint8Array, survey: Survey, sees: (id: Uint8Array) => boolean): ReceiptPath {
  const parts = new Map<string, Found<Document>[]>();
  for (const found of survey.all(receipt)) {
    const { predecessor } = found.value;
    if (predecessor === undefined) continue;
    const name = toHex(predecessor);
    parts.set(name, [...(parts.get(name) ?? []), found]);
  }
  const left = new Map<string, number>();
  for (const { value } of survey.all(movement)) {
    if (value.kind !== 'out' || value.receipt === undefined) continue;
    const name = toHex(value.receipt);
    left.set(name, (left.get(name) ?? 0) + value.quantity);
  }
  const sums = { standing: 0, left: 0, merged: 0, balanced: true, whole: true };
  const view = ({ id: own, value }: { readonly id: Uint8Array; readonly value: Document }): PathNode => {
    const name = toHex(own);
    const gone = left.get(name) ?? 0;
    const children = parts.get(name) ?? [];
    const shown = sees(own);
    sums.whole &&= shown;
    sums.left += gone;
    if (value.state === 'SPLIT') {
      const given = children.reduce(
        (sum, part) => sum + part.value.quantity + (left.get(toHex(part.id)) ?? 0),
        0,
      );
      sums.balanced &&= given === value.quantity;
    } else if (value.state === 'MERGED') {
      // It goes on in a receipt that begins a path of its own.
      sums.merged += value.quantity;
    } else if (value.state === 'ISSUED' || value.state === 'HELD' || value.state === 'CANCELLED') {
      // A cancelled receipt's goods stay where they are, outside receipts.
      sums.standing += value.quantity;
    }
    return {
      ...{ receipt: name, state: value.state, owner: shown ? toHex(value.owner) : null },
      ...{ grams: shown ? value.quantity : null, left: shown ? gone : null },
      parts: children.map(view),
    };
  };
  let top = { id, value: survey.get(receipt, id)! };
  for (let above = top.value.predecessor; above !== undefined; above = top.value.predecessor)
    top = { id: above, value: survey.get(receipt, above)! };
  const root = view(top);
  const issued = top.value.quantity + (left.get(toHex(top.id)) ?? 0);
  if (!sums.whole) return { root, issued: null, standing: null, left: null, merged: null, constant: null };
  const constant = sums.balanced && issued === sums.standing + sums.left + sums.merged;
  return { root, issued, standing: sums.standing, left: sums.left, merged: sums.merged, constant };
}

const pathTypes: readonly string[] = [receipt.name, movement.name];

export class ReceiptPaths {
  readonly #ledger: Ledger;
  readonly #access: Access;

  constructor(ports: { readonly ledger: Ledger; readonly access: Access }) {
    this.#ledger = ports.ledger;
    this.#access = ports.access;
  }

  /** For whoever may see the receipt; its relatives as far as they may be seen. */
  path(id: Uint8Array): Result<ReceiptPath> {
    if (this.#find(id) === undefined) return refuse('E_NOT_FOUND', { type: receipt.name, id: toHex(id) });
    if (!this.#sees(id))
      return refuse('E_SCOPE', { type: receipt.name, id: toHex(id), reason: 'not a party of its file' });
    const objects = [...this.#ledger.state.objects()].filter(({ type }) => pathTypes.includes(type));
    return ok(readPath(id, new Survey({ objects: () => objects }), (one) => this.#sees(one)));
  }

  #find(id: Uint8Array) {
    return this.#ledger.state.find(toHex(objectPath(receipt.name, id)));
  }

  #sees(id: Uint8Array): boolean {
    const stored = this.#find(id);
    return stored !== undefined && this.#access.classesOf(stored).includes(1);
  }
}
