/** What the ledger shows of a party or of a thing, factor by factor: one number of basis points for each observation. */

import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { bill, recourseStates } from '../../consensus/contracts/objects/bill.ts';
import { billPayment } from '../../consensus/contracts/objects/bill-payment.ts';
import { creditLimit } from '../../consensus/contracts/objects/credit-limit.ts';
import { dispute } from '../../consensus/contracts/objects/dispute.ts';
import { limitPayment } from '../../consensus/contracts/objects/limit-payment.ts';
import { loan } from '../../consensus/contracts/objects/loan.ts';
import { liveMandateStates, mandate } from '../../consensus/contracts/objects/mandate.ts';
import { marginCall } from '../../consensus/contracts/objects/margin-call.ts';
import { moneyId } from '../../consensus/contracts/objects/money.ts';
import { movement } from '../../consensus/contracts/objects/movement.ts';
import { notice } from '../../consensus/contracts/objects/notice.ts';
import { payment } from '../../consensus/contracts/objects/payment.ts';
import { pledge, troubledStates } from '../../consensus/contracts/objects/pledge.ts';
import { thingPayment } from '../../consensus/contracts/objects/thing-payment.ts';
import { warning } from '../../consensus/contracts/objects/warning.ts';
import { type CreditLimit, carriedBy } from '../../consensus/contracts/rules/credit-limits.ts';
import { drawingsOn } from './drawings.ts';
import type { Found, LedgerView } from './ledger-view.ts';
import type { Observations, RatingModel } from './rating.ts';

const GOOD = 10_000;
/** A warning that is not critical. */
const WARNED = 2_500;
const BAD = 0;
const isGood = (good: boolean): number => (good ? GOOD : BAD);

/** An observation and when it was made, checkpoint time. */
interface Dated {
  readonly at: number | undefined;
  readonly bp: number;
}

type Versioned = { readonly call: Uint8Array };

/** Of a party: its loans, goods, bills, limits, notices, disputes and payments. */
export function observeParty(id: Uint8Array, view: LedgerView, model: RatingModel): Observations {
  const own = new Own(view, model, (entry) => equalBytes(entry, id));
  const limits = view.all(creditLimit).filter(({ value }) => own.is(value.applicant));
  return {
    'credit-status': own.recent([...own.standing(), ...limitStanding(limits, view)]),
    'personal-quality': own.recent(own.conduct()),
    'repayment-capability': own.recent([...own.repayments(), ...drawn(limits, view, () => true)]),
    profitability: own.profits(),
    'operating-capability': own.recent(own.operations()),
    'development-capability': own.growth(own.activity()),
  };
}

/** Of a thing: its mandates, its payments, the limits that it carries. Goods, loans and bills are its owner's. */
export function observeThing(id: Uint8Array, view: LedgerView, model: RatingModel): Observations {
  const own = new Own(view, model, (entry) => equalBytes(entry, id));
  const limits = view
    .all(creditLimit)
    .filter(({ value }) => value.members.some(({ device }) => own.is(device)));
  const paid = view.all(thingPayment).filter(({ value }) => own.is(value.thing));
  const mandates = view
    .all(mandate)
    .filter(({ value }) => own.is(value.thing) && liveMandateStates.includes(value.state))
    .map(({ value: { state, suspendedBy, owner, call } }) => {
      const byOwner = suspendedBy !== undefined && equalBytes(suspendedBy, owner);
      return { at: view.timeOf(call), bp: isGood(state === 'ACTIVE' || byOwner) };
    });
  const drew = view
    .all(limitPayment)
    .filter(({ value }) => value.thing !== undefined && own.is(value.thing))
    .map(({ value }) => value.at);
  return {
    'credit-status': own.recent([...mandates, ...limitStanding(limits, view)]),
    'personal-quality': [],
    'repayment-capability': own.recent(drawn(limits, view, (thing) => thing !== undefined && own.is(thing))),
    profitability: limits.flatMap(({ value }) => earned(id, value, paid)),
    'operating-capability': own.recent(paid.map(({ value: { at } }) => ({ at, bp: GOOD }))),
    'development-capability': own.growth([...paid.map(({ value }) => value.at), ...drew]),
  };
}

/** A limit that was granted stands well unless it is frozen. */
function limitStanding(limits: readonly Found<CreditLimit>[], view: LedgerView): Dated[] {
  return limits
    .filter(({ value }) => value.granted > 0)
    .map(({ value }) => ({ at: view.timeOf(value.call), bp: isGood(value.state !== 'FROZEN') }));
}

/** Drawings that are covered, and those that are not although their limit is over. */
function drawn(
  limits: readonly Found<CreditLimit>[],
  view: LedgerView,
  isOwn: (thing: Uint8Array | undefined) => boolean,
): Dated[] {
  return limits.flatMap(({ id, value }) =>
    drawingsOn(id, view)
      .filter(({ thing }) => isOwn(thing))
      .filter(({ amount, repaid }) => repaid === amount || value.until < view.now.running)
      .map(({ at, amount, repaid }) => ({ at, bp: isGood(repaid === amount) })),
  );
}

/** What a member's last measured output is worth, against what the thing spent over that period in the limit's money. */
function earned(
  id: Uint8Array,
  { bank, currency, periodMs, members }: CreditLimit,
  paid: readonly Found<{ readonly at: number; readonly amount: number; readonly money: Uint8Array }>[],
): number[] {
  const member = members.find(({ device }) => equalBytes(device, id));
  if (member === undefined || member.measuredAt === 0) return [];
  const money = moneyId(bank, currency);
  const from = member.measuredAt - periodMs;
  const spent = paid
    .filter(({ value }) => equalBytes(value.money, money) && value.at > from && value.at <= member.measuredAt)
    .reduce((sum, { value }) => sum + BigInt(value.amount), 0n);
  return shareOf(BigInt(carriedBy(member)), spent);
}

/** received / (received + spent), basis points, floor; nothing where nothing moved. */
function shareOf(received: bigint, spent: bigint): number[] {
  const total = received + spent;
  return total === 0n ? [] : [Number((received * BigInt(GOOD)) / total)];
}

/** What is a party's own, of all that is seen. */
class Own {
  readonly #view: LedgerView;
  readonly #model: RatingModel;
  readonly is: (id: Uint8Array) => boolean;

  constructor(view: LedgerView, model: RatingModel, is: (id: Uint8Array) => boolean) {
    this.#view = view;
    this.#model = model;
    this.is = is;
  }

  /** Observations that are not too old. */
  recent(dated: readonly Dated[]): number[] {
    const { time } = this.#view.now;
    return dated.filter(({ at }) => at !== undefined && at > time - this.#model.memoryMs).map(({ bp }) => bp);
  }

  #writtenAt({ call }: Versioned): number | undefined {
    return this.#view.timeOf(call);
  }

  standing(): Dated[] {
    const { now } = this.#view;
    const loans = this.#view
      .all(loan)
      .filter(({ value }) => this.is(value.applicant) && /^(DRAWN|REPAID|WRITTEN_OFF)$/.test(value.state))
      .map(({ value }) => ({
        at: this.#writtenAt(value),
        bp: isGood(value.state === 'REPAID' || (value.state === 'DRAWN' && value.maturity >= now.time)),
      }));
    const pledges = this.#view
      .all(pledge)
      .filter(({ value }) => this.is(value.pledgor) && value.perfectedAt > 0)
      .map(({ value }) => ({
        at: this.#writtenAt(value),
        bp: isGood(!troubledStates.includes(value.state) && value.state !== 'REALISED'),
      }));
    const bills = this.#view
      .all(bill)
      .filter(({ value }) => this.is(value.drawee) && value.accepted)
      .map(({ value }) => ({
        at: this.#writtenAt(value),
        bp: isGood(!recourseStates.includes(value.state) && value.state !== 'SETTLED'),
      }));
    return [...loans, ...pledges, ...bills];
  }

  conduct(): Dated[] {
    const { now } = this.#view;
    const notices = this.#view.all(notice).flatMap(({ value }): Dated[] => {
      if (!this.is(value.addressee)) return [];
      const at = this.#writtenAt(value);
      if (value.state === 'ACKNOWLEDGED') return [{ at, bp: GOOD }];
      const isIgnored = value.state === 'GIVEN' && value.provedAt > 0 && value.provedAt <= now.running;
      return isIgnored ? [{ at, bp: BAD }] : [];
    });
    const disputes = this.#view
      .all(dispute)
      .filter(({ value }) => this.is(value.by) && value.state !== 'OPEN')
      .map(({ value }) => ({ at: this.#writtenAt(value), bp: isGood(value.state === 'UPHELD') }));
    return [...notices, ...disputes];
  }

  repayments(): Dated[] {
    const { now } = this.#view;
    const loans = this.#view.all(loan).flatMap(({ id, value }): Dated[] => {
      if (!this.is(value.applicant)) return [];
      if (value.state === 'REPAID') {
        const at = this.#lastRepayment(id);
        return [{ at, bp: isGood(at !== undefined && at <= value.maturity) }];
      }
      const isOverdue =
        (value.state === 'DRAWN' || value.state === 'WRITTEN_OFF') && value.maturity < now.time;
      return isOverdue ? [{ at: value.maturity, bp: BAD }] : [];
    });
    const calls = this.#view
      .all(marginCall)
      .filter(({ value }) => this.is(value.enterprise))
      .filter(({ value }) => value.state === 'MET' || value.cureUntil < now.running)
      .map(({ value }) => ({ at: this.#writtenAt(value), bp: isGood(value.state === 'MET') }));
    const bills = this.#view
      .all(bill)
      .filter(({ value }) => this.is(value.drawee) && value.accepted)
      .filter(({ value: { state } }) => /^(PAID|SETTLED)$/.test(state) || recourseStates.includes(state))
      .map(({ value }) => ({ at: this.#writtenAt(value), bp: isGood(value.state === 'PAID') }));
    return [...loans, ...calls, ...bills];
  }

  /** Checkpoint time of the last repayment of a loan that is on record. */
  #lastRepayment(loanId: Uint8Array): number | undefined {
    const times = this.#view
      .all(payment)
      .filter(({ value }) => value.kind === 'repayment' && equalBytes(value.loan, loanId))
      .map(({ value }) => this.#writtenAt(value) ?? 0);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  /** For each money, what came in of all that moved by bills and by things. */
  profits(): number[] {
    const since = this.#view.now.time - this.#model.memoryMs;
    const moved = new Map<string, { received: bigint; spent: bigint }>();
    for (const type of [billPayment, thingPayment] as const) {
      for (const { value } of this.#view.all<{
        readonly call: Uint8Array;
        readonly payer: Uint8Array;
        readonly payee: Uint8Array;
        readonly money: Uint8Array;
        readonly amount: number;
      }>(type)) {
        if ((this.#writtenAt(value) ?? 0) <= since) continue;
        const sums = moved.get(toHex(value.money)) ?? { received: 0n, spent: 0n };
        if (this.is(value.payee)) sums.received += BigInt(value.amount);
        if (this.is(value.payer)) sums.spent += BigInt(value.amount);
        moved.set(toHex(value.money), sums);
      }
    }
    return [...moved.values()].flatMap(({ received, spent }) => shareOf(received, spent));
  }

  operations(): Dated[] {
    const moved = this.#view
      .all(movement)
      .filter(({ value }) => this.is(value.owner))
      .map(({ value }) => ({ at: this.#writtenAt(value), bp: isGood(value.kind !== 'loss') }));
    const warned = this.#view
      .all(warning)
      .filter(({ value }) => this.is(value.pledgor))
      .map(({ value }) => ({ at: this.#writtenAt(value), bp: value.level === 'critical' ? BAD : WARNED }));
    const paid = this.#view
      .all(thingPayment)
      .filter(({ value }) => this.is(value.payer))
      .map(({ value }) => ({ at: value.at, bp: GOOD }));
    return [...moved, ...warned, ...paid];
  }

  /** Times at which the party did business: goods moved, money was paid or received. */
  activity(): number[] {
    const moved = this.#view.all(movement).filter(({ value }) => this.is(value.owner));
    const bills = this.#view
      .all(billPayment)
      .filter(({ value }) => this.is(value.payer) || this.is(value.payee));
    const repaid = this.#view
      .all(payment)
      .filter(({ value }) => value.kind === 'repayment' && this.is(value.payer));
    const paid = this.#view.all(thingPayment).filter(({ value }) => this.is(value.payer));
    return [...moved, ...bills, ...repaid, ...paid].map(({ value }) => this.#writtenAt(value) ?? 0);
  }

  /** One observation where there was activity in one of the last two windows. */
  growth(times: readonly number[]): number[] {
    const { time } = this.#view.now;
    const { windowMs } = this.#model;
    const newer = times.filter((at) => at > time - windowMs).length;
    const older = times.filter((at) => at <= time - windowMs && at > time - 2 * windowMs).length;
    return shareOf(BigInt(newer), BigInt(older));
  }
}
