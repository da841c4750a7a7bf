/** The business audit of a loan, or of an order through its loans (R089, R123): every check with its result. */

import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { Survey } from '../../consensus/contracts/invariants/survey.ts';
import { objectPath, readObject, type StoredObject } from '../../consensus/contracts/object.ts';
import { loan } from '../../consensus/contracts/objects/loan.ts';
import { pledge } from '../../consensus/contracts/objects/pledge.ts';
import { receipt } from '../../consensus/contracts/objects/receipt.ts';
import { unit } from '../../consensus/contracts/objects/unit.ts';
import { key } from '../../consensus/contracts/registry.ts';
import { objectTypes } from '../../consensus/contracts/views.ts';
import type { Ledger } from '../replica/ledger.ts';
import type { Access } from './access.ts';
import { auditedTypes, checkFile } from './audit-checks.ts';
import type { Check, File } from './audit-file.ts';
import type { DurableHead } from './durable-head.ts';
import type { Histories } from './histories.ts';

/** Of one object's history, looked at by an audit. */
const CALLS_MAX = 1_024;

export interface Audit {
  readonly height: number;
  /** Checkpoint time, ms. */
  readonly time: number;
  readonly loans: readonly string[];
  readonly checks: readonly Check[];
  /** The pairs of goods, documents and money that are out of step. */
  readonly outOfStep: readonly Check[];
  readonly passed: number;
  readonly failed: number;
  readonly withheld: number;
}

export class Audits {
  readonly #ledger: Ledger;
  readonly #access: Access;
  readonly #head: DurableHead;
  readonly #histories: Histories;

  constructor(ports: {
    readonly ledger: Ledger;
    readonly access: Access;
    readonly head: DurableHead;
    readonly histories: Histories;
  }) {
    this.#ledger = ports.ledger;
    this.#access = ports.access;
    this.#head = ports.head;
    this.#histories = ports.histories;
  }

  /** E_SCOPE unless this node's party is one of the loan's. */
  async ofLoan(id: Uint8Array): Promise<Result<Audit>> {
    const stored = this.#ledger.state.find(toHex(objectPath(loan.name, id)));
    if (stored === undefined) return refuse('E_NOT_FOUND', { type: loan.name, id: toHex(id) });
    if (!this.#sees(stored))
      return refuse('E_SCOPE', { type: loan.name, id: toHex(id), reason: 'not a party of the loan' });
    return this.#audit((candidate) => equalBytes(candidate.id, id));
  }

  /** Every loan of this party's that names the order; E_NOT_FOUND where none does. */
  async ofOrder(number: string): Promise<Result<Audit>> {
    const audit = await this.#audit((stored) => readObject(loan, stored).orders.includes(number));
    return audit.ok && audit.value.loans.length === 0
      ? refuse('E_NOT_FOUND', { type: 'order', id: number, reason: 'no loan of this party names the order' })
      : audit;
  }

  async #audit(wanted: (stored: StoredObject) => boolean): Promise<Result<Audit>> {
    const rest = await this.#head.atRest(({ header }) => {
      const audited = [...this.#ledger.state.objects()].filter(({ type }) => auditedTypes.has(type));
      const whole = new Survey({ objects: () => audited });
      const visible = whole.stored.filter((stored) => this.#sees(stored));
      const survey = new Survey({ objects: () => visible });
      const hides: File['hides'] = (type, fits) =>
        [...whole.all(type)].some(({ id, value }) => fits(value) && survey.get(type, id) === undefined);
      const loans = visible.filter((stored) => stored.type === loan.name && wanted(stored));
      const { network, record } = this.#ledger.genesis;
      const checks = loans.flatMap((stored) => {
        const file = { network, policy: record.policy, survey, hides };
        return [...checkFile({ ...file, id: stored.id, loan: readObject(loan, stored) })];
      });
      return { header, loans, checks, files: loans.flatMap((stored) => this.#fileOf(stored, survey)) };
    });
    if (!rest.ok) return rest;
    const { header, loans, files } = rest.value;
    const checks = [...rest.value.checks];
    for (const stored of files) checks.push(await this.#checkSigners(stored));
    const count = (result: Check['result']): number =>
      checks.filter((check) => check.result === result).length;
    return ok({
      ...{ height: header.height, time: header.time, loans: loans.map(({ id }) => toHex(id)), checks },
      outOfStep: checks.filter(({ pair, result }) => pair !== undefined && result === 'fail'),
      ...{ passed: count('pass'), failed: count('fail'), withheld: count('withheld') },
    });
  }

  /** Fields beyond V0, or that there are none beyond it. */
  #sees(stored: StoredObject): boolean {
    const own = objectTypes.get(stored.type);
    const beyond = own?.classes.some((schema, index) => index > 0 && schema.fieldNames.length > 0) ?? false;
    // Of parties the roles are everybody's, and no check asks more of them.
    if (!beyond || stored.type === 'party') return true;
    const classes = this.#access.classesOf(stored);
    return own!.classes.every(
      (schema, index) => schema.fieldNames.length === 0 || classes.includes(index as 0 | 1 | 2),
    );
  }

  /** The loan, its goods, their receipts and its pledges: objects whose every call is looked at. */
  #fileOf(stored: StoredObject, survey: Survey): StoredObject[] {
    const { units: named, pledges } = readObject(loan, stored);
    const pledged = pledges.flatMap((id) => survey.get(pledge, id)?.unit ?? []);
    const units = [...new Map([...named, ...pledged].map((id) => [toHex(id), id])).values()];
    const receipts = units.flatMap((id) => survey.get(unit, id)?.receipts ?? []);
    const objects: readonly (readonly [type: string, id: Uint8Array])[] = [
      ...units.map((id) => [unit.name, id] as const),
      ...receipts.map((id) => [receipt.name, id] as const),
      ...pledges.map((id) => [pledge.name, id] as const),
    ];
    const found = objects.map(([type, id]) => this.#ledger.state.find(toHex(objectPath(type, id))));
    return [stored, ...found.filter((entry) => entry !== undefined)];
  }

  /** Every call of the object's history, of a longer one the newest, was signed by keys that were enrolled by then. */
  async #checkSigners(stored: StoredObject): Promise<Check> {
    const subject = { type: stored.type, id: toHex(stored.id) };
    const check = 'every call of its history was signed by keys enrolled by then';
    let result: Check['result'] = 'pass';
    for (const { record } of this.#histories.thread(stored, CALLS_MAX)) {
      const call = await this.#histories.heldCall(record.vertex);
      if (call === undefined) {
        result = 'withheld';
        continue;
      }
      const enrolled = call.signatures.every((entry) => {
        const found = this.#ledger.state.get(key, entry.key);
        return found !== undefined && found.since <= record.height;
      });
      if (!enrolled) return { subject, check, result: 'fail' };
    }
    return { subject, check, result };
  }
}
