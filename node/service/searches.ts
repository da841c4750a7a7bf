/**
 * Encumbrance searches (V4, R162): what stands under an identifier, and proofs of it that can be handed over.
 * docs/spec/proofs.md.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Refusal, type Result, refuse } from '../../consensus/codec/result.ts';
import { labelChecks } from '../../consensus/contracts/identifiers.ts';
import type { VisibilityClass } from '../../consensus/contracts/object.ts';
import { encumbrance } from '../../consensus/contracts/objects/encumbrance.ts';
import { pledge } from '../../consensus/contracts/objects/pledge.ts';
import { receipt } from '../../consensus/contracts/objects/receipt.ts';
import { type GoodsScheme, unit } from '../../consensus/contracts/objects/unit.ts';
import { labelKey, type Scheme } from '../../consensus/contracts/registry.ts';
import type { Ledger } from '../replica/ledger.ts';
import type { Access } from './access.ts';
import type { Prover, Visible } from './proofs.ts';
import type { ObjectView, Views } from './views.ts';

/** What an encumbrance search tells anybody about a label. */
export interface SearchResult {
  readonly scheme: Scheme;
  readonly label: string;
  /** Ledger key of the label, hex: the object's id. */
  readonly id: string;
  readonly object: ObjectView | null;
  /** Of goods: every reservation and pledge on them; empty when they are free. */
  readonly encumbrance: ObjectView | null;
}

const typeOfScheme: { readonly [S in Scheme]?: string } = {
  lei: 'party',
  sscc: 'unit',
  lot: 'unit',
  giai: 'unit',
  device: 'device',
};

const checks: { readonly [S in Scheme]?: (label: string) => string | undefined } = labelChecks;
/** Which of a label's characters, from 1, is its one check digit. */
const checkDigits: { readonly [S in Scheme]?: number } = { sscc: 18, lot: 14 };

/** A slip in a label would read as “nothing registered, no pledge”: it is refused before anything is looked up. */
function checkSearched(scheme: Scheme, label: string): Result<string> {
  const defect = checks[scheme]?.(label);
  if (defect === undefined) return ok(label);
  const digit = checkDigits[scheme];
  // Of a label of another length or alphabet, nothing is known about the digit.
  const isDigit = digit !== undefined && defect.startsWith('check digit');
  const reason = isDigit ? `${defect}: ${label[digit - 1]}, character ${digit}` : defect;
  return refuse('E_ID_INVALID', { field: 'label', scheme, got: label, reason });
}

export class Searches {
  readonly #ledger: Ledger;
  readonly #access: Access;
  readonly #prover: Prover;
  readonly #views: Views;

  constructor(ports: {
    readonly ledger: Ledger;
    readonly access: Access;
    readonly prover: Prover;
    readonly views: Views;
  }) {
    this.#ledger = ports.ledger;
    this.#access = ports.access;
    this.#prover = ports.prover;
    this.#views = ports.views;
  }

  search(scheme: Scheme, label: string): Result<SearchResult> {
    const checked = checkSearched(scheme, label);
    if (!checked.ok) return checked;
    const id = labelKey(this.#ledger.genesis.network, scheme, label);
    const view = (typeName: string | undefined): ObjectView | null => {
      const found = typeName === undefined ? undefined : this.#views.object(typeName, id);
      return found?.ok ? found.value : null;
    };
    const goods = typeOfScheme[scheme] === unit.name;
    return ok({
      scheme,
      label,
      id: toHex(id),
      object: view(typeOfScheme[scheme]),
      encumbrance: goods ? view(encumbrance.name) : null,
    });
  }

  /**
   * The search certificate: the goods, their receipts and every pledge on them, or that there are none. Only what is
   * everybody's, so that it can be handed to anybody; with `opened`, also what this party may see.
   */
  async certificate(scheme: GoodsScheme, label: string, opened: boolean): Promise<Result<Uint8Array>> {
    const checked = checkSearched(scheme, label);
    if (!checked.ok) return checked;
    const { state } = this.#ledger;
    const id = labelKey(this.#ledger.genesis.network, scheme, label);
    const visible: Visible = (stored) =>
      opened ? this.#access.classesOf(stored) : ([0] satisfies VisibilityClass[]);
    const proved = await this.#prover.objects(
      () => [
        { type: unit.name, id },
        { type: encumbrance.name, id },
        ...(state.get(unit, id)?.receipts ?? []).map((entry) => ({ type: receipt.name, id: entry })),
        ...(state.get(encumbrance, id)?.entries ?? []).map((entry) => ({
          type: pledge.name,
          id: entry.pledge,
        })),
      ],
      visible,
    );
    if (!proved.ok) return proved;
    const [goods, held, ...others] = proved.value.proof;
    return this.#views.encodeBundle({
      statement: {
        ...{ type: 'search', scheme, label, unit: goods!, encumbrance: held! },
        receipts: others.filter((proof) => proof.type === receipt.name),
        pledges: others.filter((proof) => proof.type === pledge.name),
      },
      anchor: proved.value.anchor,
    });
  }

  /** That the unit is registered and carries no pledge, or none but `except`. */
  async unpledged(
    scheme: GoodsScheme,
    label: string,
    except: Uint8Array | undefined,
  ): Promise<Result<Uint8Array>> {
    const checked = checkSearched(scheme, label);
    if (!checked.ok) return checked;
    const id = labelKey(this.#ledger.genesis.network, scheme, label);
    const proved = await this.#prover.objects(
      () => [unit.name, encumbrance.name].map((type) => ({ type, id })),
      (stored) => this.#access.classesOf(stored),
      () => this.#checkUnpledged(id, except),
    );
    if (!proved.ok) return proved;
    const { proof, anchor, judged } = proved.value;
    if (judged !== undefined) return judged;
    const [shownUnit, shownEncumbrance] = proof;
    return this.#views.encodeBundle({
      statement: {
        type: 'unpledged',
        scheme,
        label,
        except,
        unit: shownUnit!,
        encumbrance: shownEncumbrance!,
      },
      anchor,
    });
  }

  #checkUnpledged(id: Uint8Array, except: Uint8Array | undefined): Refusal | undefined {
    const { state } = this.#ledger;
    if (state.get(unit, id) === undefined) return refuse('E_NOT_FOUND', { type: unit.name, id: toHex(id) });
    const entries = state.get(encumbrance, id)?.entries ?? [];
    const other = entries.find((entry) => except === undefined || toHex(entry.pledge) !== toHex(except));
    if (other === undefined) {
      if (except === undefined || entries.length === 1) return undefined;
      return refuse('E_NOT_FOUND', {
        type: 'pledge',
        id: toHex(except),
        reason: 'the goods do not carry this pledge; ask without “except”',
      });
    }
    return refuse('E_ENCUMBERED', {
      pledge: toHex(other.pledge),
      state: other.state,
      rank: other.rank,
      entries: entries.length,
    });
  }
}
