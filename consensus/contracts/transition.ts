/**
 * The one form in which a transition of semantics §5 is declared: who signs, what it takes, which codes it can give,
 * what it does. One file declares one transition; contracts/index.ts lists them. `[ORD-5]`
 */

import { toHex } from '../codec/bytes.ts';
import type { Code } from '../codec/codes.ts';
import type { Facts } from '../codec/result.ts';
import type { Frame } from '../vertex/frame.ts';
import {
  type Classed,
  type ClassedFields,
  type ClassedSchema,
  classed,
  type FieldsOfClass,
  type ObjectReader,
  type ObjectType,
} from './object.ts';
import type { Policy } from './policy.ts';
import type { Role } from './registry.ts';
import type { Seating, SeatRules } from './seats/rules.ts';

/** A party that must have signed, and the role in which it does: it must have one of those named. */
export interface Signatory {
  readonly party: Uint8Array;
  readonly role: Role | readonly Role[];
  /** Code of the refusal when it did not sign, where the row has one of its own; else E_ROLE. */
  readonly missing?: Code;
}

/** One line of the permission table: who signs, in what role, when. The engine asks exactly these. */
export interface SignerRule<A> {
  /** Who it is, as people say it. */
  readonly who: string;
  readonly role: Role | readonly Role[];
  /** The party or parties that must sign; nobody in this case; or why that cannot be told. */
  readonly party: (
    args: A,
    context: Context,
  ) => Uint8Array | readonly Uint8Array[] | undefined | ContractRefusal;
  /** In which cases, when not in all. */
  readonly when?: string;
  readonly missing?: Code;
}

/** Visibility of what a transition writes, as semantics §5 gives it. */
export type Visibility = 'V0' | 'V1' | 'V2' | 'V3';

/** A refusal: its code, the object in the way, and what the reader needs to mend it. */
export interface ContractRefusal {
  readonly code: Code;
  /** Id of the object or vertex that stands in the way; recorded in the outcome. */
  readonly conflict?: Uint8Array;
  readonly facts: Facts;
}

export function refused(code: Code, facts: Facts = {}, conflict?: Uint8Array): ContractRefusal {
  return conflict === undefined ? { code, facts } : { code, facts, conflict };
}

/** The object of that type and id, or the refusal that there is none. */
export function lookUp<T extends object>(
  reader: ObjectReader,
  type: ObjectType<T>,
  id: Uint8Array,
): T | ContractRefusal {
  return reader.get(type, id) ?? refused('E_NOT_FOUND', { type: type.name, id: toHex(id) }, id);
}

/** The refusal of an object that is not in one of the states `wanted`. */
export function wrongState(state: string, wanted: readonly string[], id: Uint8Array): ContractRefusal {
  return refused('E_STATE', { state, wanted: wanted.join(' or ') }, id);
}

/** A reading shown to a contract, proved to be on the ledger. */
export interface Evidence {
  readonly frame: Frame;
  /** The gateway key that authored the batch. */
  readonly gateway: Uint8Array;
  /** Time of the checkpoint that made it final, ms. */
  readonly finalTime: number;
}

/** What a transition may see and do. All of it deterministic: the only clock is the checkpoint's. */
export interface Context extends ObjectReader {
  readonly network: Uint8Array;
  /** Checkpoint time, ms: "now". */
  readonly time: number;
  /** Running time, ms `[CTR-11]`: checkpoint time without the pauses of finality. Every deadline is in it. */
  readonly running: number;
  readonly height: number;
  /** The call's id, which is the id of the object it creates. */
  readonly callId: Uint8Array;
  /** The vertex that carries the call. */
  readonly vertex: Uint8Array;
  readonly policy: Policy;
  /** The committee that decides this checkpoint, and how committees change. */
  readonly seating: Seating;
  readonly seatRules: SeatRules;
  put<T>(type: ObjectType<T>, id: Uint8Array, value: T): void;
  remove<T>(type: ObjectType<T>, id: Uint8Array): void;
  /** Did this party sign the call, whatever its role? For signers that only some cases need. */
  signedBy(party: Uint8Array): boolean;
  /** Did this key sign the call? For a new key that proves itself before it is enrolled. */
  signedByKey(key: Uint8Array): boolean;
  /** Counts steps of a search whose length what was read does not bound `[CTR-30]`; ends the run when none are left. */
  step(count: number): void;
  /** Checks a reading proof against the recent certified headers. */
  evidence(proofBytes: Uint8Array): Evidence | ContractRefusal;
}

/** Each code that a transition can give, with the precondition whose failure it reports. */
export type Preconditions = { readonly [C in Code]?: string };

export interface Transition<A = never> {
  readonly name: string;
  /** Row of semantics §5. */
  readonly row: number;
  readonly summary: string;
  readonly args: ClassedSchema<A>;
  /** Who signs, as the permission table says it. Empty: anybody may submit, the preconditions prove it ("P"). */
  readonly signedBy: readonly SignerRule<A>[];
  /** The parties that must sign this call, after `signedBy`. */
  readonly signers: (args: A, context: Context) => readonly Signatory[] | ContractRefusal;
  readonly preconditions: Preconditions;
  /** Every code that `apply` and `signers` can give; the checks common to all (engine.ts) come on top. */
  readonly codes: readonly Code[];
  readonly effects: string;
  /** What it keeps as evidence beside signers, cited versions and position; empty for nothing more. */
  readonly evidence: string;
  readonly visibility: Visibility;
  /** Checks the preconditions, then writes; or refuses, and nothing is written. */
  readonly apply: (args: A, context: Context) => ContractRefusal | undefined;
}

/** Declares a transition; arguments are given by visibility class and arrive flat. */
export function transition<
  const V0 extends FieldsOfClass = Record<never, never>,
  const V1 extends FieldsOfClass = Record<never, never>,
  const V2 extends FieldsOfClass = Record<never, never>,
>(
  declaration: Omit<Transition<Classed<V0, V1, V2>>, 'args' | 'signers' | 'codes' | 'evidence'> & {
    readonly args: ClassedFields<V0, V1, V2>;
    readonly evidence?: string;
  },
): Transition<Classed<V0, V1, V2>> {
  const { name, signedBy, preconditions } = declaration;
  return {
    evidence: '',
    ...declaration,
    args: classed(name, declaration.args),
    codes: (Object.keys(preconditions) as Code[]).sort(compareCodes),
    signers: (args, context) => signatoriesOf(signedBy, args, context),
  };
}

const compareCodes = (a: Code, b: Code): number => (a < b ? -1 : Number(a > b));

function signatoriesOf<A>(
  rules: readonly SignerRule<A>[],
  args: A,
  context: Context,
): readonly Signatory[] | ContractRefusal {
  const wanted: Signatory[] = [];
  for (const { party, role, missing } of rules) {
    const found = party(args, context);
    if (found === undefined) continue;
    if (found instanceof Uint8Array) wanted.push({ party: found, role, ...(missing && { missing }) });
    else if (isRefusal(found)) return found;
    else for (const entry of found) wanted.push({ party: entry, role, ...(missing && { missing }) });
  }
  return wanted;
}

/** Gives the party that a field of an object names, the object being cited by the argument `arg`. */
export function partyIn<T extends object, const K extends string>(
  type: ObjectType<T>,
  arg: K,
  field: { readonly [F in keyof T]: T[F] extends Uint8Array ? F : never }[keyof T],
): (args: { readonly [N in K]: Uint8Array }, context: Context) => Uint8Array | ContractRefusal {
  return (args, context) => {
    const found = lookUp(context, type, args[arg]);
    return isRefusal(found) ? found : (found[field] as Uint8Array);
  };
}

export function isRefusal(value: object): value is ContractRefusal {
  return 'code' in value && 'facts' in value;
}
