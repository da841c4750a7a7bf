/**
 * One pledge race: the whole file of one unit, from the readings that prove it to the two rival pledges and the winner's
 * perfection. Calls of a stage name each other's ids, which are known before they are final, and go into one author's
 * chain, which the order respects `[ORD-2]`; a stage begins when all of the one before took effect.
 */

import { toHex } from '../../consensus/codec/bytes.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import { agreePledge } from '../../consensus/contracts/transitions/agree-pledge.ts';
import { apply } from '../../consensus/contracts/transitions/application.ts';
import { authorise } from '../../consensus/contracts/transitions/authorise.ts';
import { decide } from '../../consensus/contracts/transitions/decide.ts';
import { evaluate } from '../../consensus/contracts/transitions/evaluate.ts';
import { stateOrder } from '../../consensus/contracts/transitions/order-receipt.ts';
import { perfectPledge } from '../../consensus/contracts/transitions/perfect-pledge.ts';
import { registerGoods } from '../../consensus/contracts/transitions/register-goods.ts';
import { supplyStatus } from '../../consensus/contracts/transitions/supply-status.ts';
import { callId, type SignedCall } from '../../consensus/vertex/call.ts';
import { parseDecimal } from '../../consensus/vertex/decimal.ts';
import { type Frame, signFrame } from '../../consensus/vertex/frame.ts';
import { CAMERA, type Desk, type PartyName, SCALE, withCheckDigit } from './desk.ts';

const DAY_MS = 86_400_000;
/** One tonne in forty packages, at 25,000.00 a tonne. */
const QUANTITY = 1_000_000;
const PACKAGES = 40;
const PRICE = 2_500_000;
const LIMIT = 1_000_000;
const GLN = withCheckDigit('950600013435');

type Bank = 'firstBank' | 'secondBank';

/** What is known of the ledger when a stage is composed. */
export interface Moment {
  /** Time of the newest certified header: no later one is before it, ms. */
  readonly certifiedMs: number;
}

export class PledgeRace {
  readonly number: number;
  readonly label: string;
  readonly unit: Uint8Array;
  readonly #desk: Desk;
  /** The file up to two approved loans. */
  #file: readonly SignedCall[] = [];
  #rivals: readonly [SignedCall, SignedCall] | undefined;
  #perfection: SignedCall | undefined;
  #evidence: readonly Uint8Array[] = [];
  readonly #loans = new Map<Bank, Uint8Array>();

  constructor(desk: Desk, number: number) {
    this.#desk = desk;
    this.number = number;
    this.label = withCheckDigit(`3801234${String(number).padStart(10, '0')}`);
    this.unit = labelKey(desk.network, 'sscc', this.label);
  }

  get rivals(): readonly [SignedCall, SignedCall] | undefined {
    return this.#rivals;
  }

  /** A weighing by a scale that signs, and a count by a camera that does not. */
  frames(timeMs: number): Frame[] {
    const body = { session: '', counter: this.number, time: timeMs };
    const weight = { quantity: 'weight' as const, value: parseDecimal('1000')! };
    const count = { quantity: 'count' as const, value: parseDecimal('40')! };
    return [
      signFrame({ ...body, device: SCALE, readings: [weight] }, this.#desk.network, this.#desk.scale),
      { ...body, device: CAMERA, readings: [count], signature: new Uint8Array(0) },
    ];
  }

  /** Registration, then each bank's application, grant, status, valuation and approval. */
  file(evidence: readonly Uint8Array[], moment: Moment): readonly SignedCall[] {
    if (this.#file.length > 0) return this.#file;
    this.#evidence = evidence;
    this.#file = [
      this.#register(moment),
      ...this.#approve('firstBank', moment),
      ...this.#approve('secondBank', moment),
    ];
    return this.#file;
  }

  /** The two pledges of the one unit. */
  pledge({ certifiedMs }: Moment): readonly [SignedCall, SignedCall] {
    const agree = (bank: Bank) =>
      this.#desk.compose(
        agreePledge,
        {
          unit: this.unit,
          quantity: QUANTITY,
          receipt: undefined,
          behind: undefined,
          line: undefined,
          loan: this.#loans.get(bank)!,
          ceiling: LIMIT,
        },
        ['enterprise', bank],
        certifiedMs,
      );
    this.#rivals ??= [agree('firstBank'), agree('secondBank')];
    return this.#rivals;
  }

  /** Perfects the pledge that took effect. */
  perfect(winnerId: Uint8Array, { certifiedMs }: Moment): SignedCall {
    const isFirst = toHex(callId(this.#rivals![0].header)) === toHex(winnerId);
    const signers: PartyName[] = [isFirst ? 'firstBank' : 'secondBank', 'monitor', 'warehouse'];
    const args = { pledge: winnerId, evidence: this.#evidence.slice(), registration: undefined };
    this.#perfection ??= this.#desk.compose(perfectPledge, args, signers, certifiedMs);
    return this.#perfection;
  }

  #register({ certifiedMs }: Moment): SignedCall {
    const desk = this.#desk;
    const args = {
      ...{ scheme: 'sscc' as const, label: this.label, gln: GLN, zone: 'A1', goods: 'Copper cathode' },
      ...{ owner: desk.id('enterprise'), custodian: desk.id('warehouse'), monitor: desk.id('monitor') },
      ...{ quantity: QUANTITY, packages: PACKAGES, temperature: undefined, receiptsByMonitor: false },
      evidence: this.#evidence.slice(),
    };
    return desk.compose(registerGoods, args, ['monitor', 'warehouse', 'enterprise'], certifiedMs);
  }

  #approve(bank: Bank, { certifiedMs }: Moment): SignedCall[] {
    const { unit } = this;
    const desk = this.#desk;
    const idOf = (call: SignedCall) => callId(call.header);
    const orderNumber = `PO-${this.number}/${bank}`;
    const order = desk.compose(
      stateOrder,
      {
        ...{
          predecessor: undefined,
          unit,
          pledgee: desk.id(bank),
          orderNumber,
          amount: PRICE,
          currency: 'EUR',
        },
        ...{ specification: 'Grade A', position: 'Row 4, bay 2', condition: 'sound' },
      },
      ['monitor'],
      certifiedMs,
    );
    const application = desk.compose(
      apply,
      {
        ...{ applicant: desk.id('enterprise'), bank: desk.id(bank), lei: desk.lei('enterprise') },
        ...{ amount: LIMIT, currency: 'EUR', maturity: certifiedMs + 90 * DAY_MS },
        ...{ orders: [orderNumber], units: [unit] },
      },
      ['enterprise'],
      certifiedMs,
    );
    const loan = idOf(application);
    this.#loans.set(bank, loan);
    const grant = desk.compose(
      authorise,
      {
        ...{ loan, scope: [unit], kinds: ['status' as const, 'ownership' as const], appraiser: undefined },
        ...{ purpose: 'evaluation of a pledge', expires: certifiedMs + 30 * DAY_MS },
      },
      [bank, 'enterprise'],
      certifiedMs,
    );
    const status = desk.compose(
      supplyStatus,
      {
        ...{ grant: idOf(grant), unit, evidence: this.#evidence.slice(), orderReceipt: idOf(order) },
        ...{ asOf: certifiedMs, condition: 'sound' },
      },
      ['monitor'],
      certifiedMs,
    );
    const line = { status: idOf(status), quantity: QUANTITY, price: PRICE, pricedQuantity: 1_000_000 };
    const valuation = desk.compose(
      evaluate,
      {
        ...{ loan, evaluator: desk.id(bank), lines: [line], priceTime: certifiedMs, loanToValueBp: 6_000 },
        ...{ fxNumerator: 1, fxDenominator: 1, haircutBp: 1_000, fxHaircutBp: 0 },
      },
      [bank],
      certifiedMs,
    );
    const approval = { type: 'approve' as const, grant: idOf(grant), evaluation: idOf(valuation) };
    const until = certifiedMs + 10 * DAY_MS;
    const decision = desk.compose(
      decide,
      { loan, decision: { ...approval, limit: LIMIT, until, creditLimit: undefined } },
      [bank],
      certifiedMs,
    );
    return [order, application, grant, status, valuation, decision];
  }
}
