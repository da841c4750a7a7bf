/**
 * A case as a story on the ledger, from the registration of the goods to the last payment. Whoever cheats tries it, and the
 * story says with which code the ledger refuses; what no contract refuses shows in what the sensors say.
 */

import { invariant } from '../../consensus/codec/result.ts';
import type { Fields, StoryPlan } from '../../node/story/plan.ts';
import { readStory } from '../../node/story/scenario-file.ts';
import { Random } from '../random.ts';
import { type Alarm, firstAlarm, type Normal, type Series } from './alarm.ts';
import {
  HAIRCUT_BP,
  LOAN_TO_VALUE_BP,
  type Loan,
  type LossCase,
  loanOn,
  proceedsOf,
  shareAfter,
} from './case.ts';

/** Somebody is there so long after a warning of theft, and counts; the theft goes on until then. */
export const SURVEY_AFTER_HOURS = 24;
/** The goods are in a working cold store so long after the critical warning. */
export const RESCUE_AFTER_HOURS = 12;

const GRAMS = 1_000_000;
const KILOGRAMS = 1_000;
const BP = 10_000;
const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const COOLING_EVERY_MS = 600_000;
/** What scales differ by from one weighing to the next, and how much one reading in a loan's life jumps. */
const NOISE_BP = 20;
const SPIKE_BP = 300;
const HONEST_DAYS = 10;
const COLD = { leastMilliC: 2_000, mostMilliC: 10_000 };
/** Days become seconds: nobody waits for a story as long as for a loan. */
const pace = { heartbeatMs: 1_000 };
const policy = {
  ...{ cureMs: 3_000, noticeMs: 1_000, enforcementNoticeMs: 2_000 },
  evidenceAgeMs: 120 * DAY_HOURS * HOUR_MS,
};
const MATURITY = '60s';
const AFTER_MATURITY = '65s';
const BIDDING = '8s';

export interface Telling {
  readonly plan: StoryPlan;
  /** From when the loss began until the readings show it; `undefined` where no reading does. */
  readonly noticedAfterHours: number | undefined;
  /** Warnings on goods that were all there. */
  readonly falseAlarms: number;
}

export function tellCase(told: LossCase): Telling {
  const script = new Script(told);
  const { noticedAfterHours, falseAlarms } = script.write();
  const plan = readStory(`losses: ${told.kind}, seed ${told.seed}`, {
    ...{ title: `${told.kind}, seed ${told.seed}`, policy, pace, cast, devices, names },
    step: script.steps,
  });
  return { plan, noticedAfterHours, falseAlarms };
}

const cast = {
  'bank-a': { roles: ['bank'], title: 'Bank A' },
  'bank-b': { roles: ['bank'], title: 'Bank B' },
  'monitor-a': { roles: ['monitor'], title: 'Monitor A' },
  enterprise: { roles: ['enterprise'], title: 'Enterprise' },
  warehouse: { roles: ['warehouse'], title: 'Warehouse' },
  surveyor: { roles: ['appraiser'], title: 'Surveyor' },
  buyer: { roles: ['enterprise'], title: 'Buyer' },
};
const devices = {
  scale: { owner: 'warehouse', functions: ['weigher'] },
  probe: { owner: 'warehouse', functions: ['climate'] },
  camera: { owner: 'monitor-a', functions: ['camera'], key: false },
};
const names = {
  goods: { sscc: '340123450000000086' },
  eur: { money: 'bank-a', currency: 'EUR' },
  survey: { document: 'Survey of the goods.' },
  letter: { document: 'The loan is in default.' },
  'sale-letter': { document: 'The goods will be sold in public.' },
};

interface Noticed {
  readonly noticedAfterHours: number | undefined;
  readonly falseAlarms: number;
}
const unnoticed: Noticed = { noticedAfterHours: undefined, falseAlarms: 0 };

class Script {
  readonly steps: Fields[] = [];
  readonly #told: LossCase;
  readonly #loan: Loan;

  constructor(told: LossCase) {
    this.#told = told;
    this.#loan = loanOn(told.realTonnes, told.price);
  }

  write(): Noticed {
    const { kind, tonnes, realTonnes } = this.#told;
    if (kind === 'phantom goods') this.#claim(tonnes);
    this.#register();
    // Both banks decide before either holds the goods, as they would on paper.
    if (kind === 'double pledge') this.#approve('bank-b', this.#loan);
    this.#lend('bank-a', this.#loan);
    switch (kind) {
      case 'double pledge':
        this.#pledgeAgain();
        this.#foreclose('maturity', proceedsOf(this.#told, tonnes, 1));
        return unnoticed;
      case 'phantom goods':
      case 'default':
        this.#foreclose('maturity', proceedsOf(this.#told, realTonnes, 1));
        return unnoticed;
      case 'slow theft':
        return this.#steal();
      case 'raid':
        return this.#raid();
      case 'cold chain':
        return this.#warmUp();
      case 'repaid':
        return this.#repay();
    }
  }

  /** More is claimed than there is. */
  #claim(tonnes: number): void {
    this.#weigh('shown', 'the goods that are there, weighed and counted');
    this.#call('claim', `${tonnes} t are registered`, 'register-goods', REGISTERING, {
      ...this.#registration(tonnes, '$shown'),
      expect: 'E_EVIDENCE',
    });
  }

  #register(): void {
    this.#weigh('weighed', 'goods weighed and counted');
    const { realTonnes } = this.#told;
    this.#call('register', `${realTonnes} t are registered`, 'register-goods', REGISTERING, {
      args: this.#registration(realTonnes, '$weighed').args,
    });
    this.#weigh('counted', 'weighed and counted for the bank');
  }

  #registration(tonnes: number, evidence: string): { readonly args: Fields } {
    const isCold = this.#told.kind === 'cold chain';
    return {
      args: {
        ...{ scheme: 'sscc', label: names.goods.sscc, gln: '9506000134352', zone: 'H6', goods: 'Goods' },
        ...{ owner: '$enterprise', custodian: '$warehouse', monitor: '$monitor-a' },
        ...{ quantity: tonnes * GRAMS, packages: tonnes, receiptsByMonitor: false, evidence },
        ...(isCold ? { temperature: COLD } : {}),
      },
    };
  }

  /** From the order receipt to the money, at one bank. */
  #lend(bank: Bank, loan: Loan): void {
    this.#approve(bank, loan);
    const { realTonnes } = this.#told;
    this.#call(`pledge-${bank}`, 'pledged', 'agree-pledge', ['enterprise', bank], {
      args: {
        ...{ unit: '$goods', quantity: realTonnes * GRAMS, loan: `$apply-${bank}` },
        ceiling: loan.principal + loan.interest + loan.costs,
      },
    });
    this.#call(`perfect-${bank}`, 'perfected', 'perfect-pledge', ['monitor-a', 'warehouse', bank], {
      args: { pledge: `$pledge-${bank}`, evidence: '$counted' },
    });
    this.#draw(bank, loan, 'OK');
  }

  #draw(bank: Bank, loan: Loan, expect: string): void {
    this.#call(`draw-${bank}`, 'the money is paid out', 'draw', [bank, 'enterprise'], {
      args: { loan: `$apply-${bank}`, ...loan, reference: `SEPA ${bank}` },
      expect,
    });
  }

  #approve(bank: Bank, { principal }: Loan): void {
    const { realTonnes, price } = this.#told;
    const loan = `$apply-${bank}`;
    const order = { orderNumber: 'PO-1', amount: principal, currency: 'EUR' };
    this.#call(`order-${bank}`, 'the bank has the order receipt', 'order-receipt', ['monitor-a'], {
      args: {
        ...{ unit: '$goods', pledgee: `$${bank}`, specification: 'as weighed', position: 'as registered' },
        ...{ condition: 'sound', ...order },
      },
    });
    this.#call(`apply-${bank}`, 'a loan is applied for', 'apply', ['enterprise'], {
      args: {
        ...{ applicant: '$enterprise', bank: `$${bank}`, lei: '$enterprise.lei', amount: principal },
        ...{ currency: 'EUR', maturity: `$now+${MATURITY}`, orders: ['PO-1'], units: ['$goods'] },
      },
    });
    this.#call(`grant-${bank}`, 'the monitor may disclose', 'authorise', [bank, 'enterprise'], {
      args: {
        ...{ loan, scope: ['$goods'], kinds: ['status', 'readings', 'ownership'] },
        ...{ purpose: 'credit decision and monitoring', expires: '$now+120d' },
      },
    });
    this.#call(`status-${bank}`, 'status supplied with its readings', 'supply-status', ['monitor-a'], {
      args: {
        ...{ grant: `$grant-${bank}`, unit: '$goods', evidence: '$counted', orderReceipt: `$order-${bank}` },
        ...{ asOf: '$now', condition: 'as registered' },
      },
    });
    this.#call(`value-${bank}`, 'the goods are valued', 'evaluate', [bank], {
      args: {
        ...{ loan, evaluator: `$${bank}` },
        lines: [
          {
            ...{ status: `$status-${bank}`, quantity: realTonnes * GRAMS },
            ...{ price, pricedQuantity: GRAMS },
          },
        ],
        ...{ priceTime: '$now-60s', fxNumerator: 1, fxDenominator: 1, fxHaircutBp: 0 },
        ...{ haircutBp: HAIRCUT_BP, loanToValueBp: LOAN_TO_VALUE_BP },
      },
    });
    this.#call(`approve-${bank}`, 'the loan is approved', 'decide', [bank], {
      args: {
        loan,
        decision: {
          ...{ type: 'approve', grant: `$grant-${bank}`, evaluation: `$value-${bank}` },
          ...{ limit: principal, until: '$now+30d' },
        },
      },
    });
  }

  /** The same goods at another bank, which approves, as it would on paper: it is not paid out. */
  #pledgeAgain(): void {
    const { tonnes } = this.#told;
    this.#call('again', 'the same goods are pledged again', 'agree-pledge', ['enterprise', 'bank-b'], {
      args: {
        unit: '$goods',
        quantity: tonnes * GRAMS,
        loan: '$apply-bank-b',
        ceiling: this.#loan.principal,
      },
      ...{ expect: 'E_ENCUMBERED', conflict: '$pledge-bank-a' },
    });
    this.#draw('bank-b', this.#loan, 'E_STATE');
  }

  #steal(): Noticed {
    const { tonnes, theftBpPerDay } = this.#told;
    const missing = (hours: number) => Math.min(1, ((hours / DAY_HOURS) * theftBpPerDay) / BP);
    const hours = Math.ceil((4 * DAY_HOURS * BP * 0.01) / theftBpPerDay);
    const alarm = this.#watch(hours, missing);
    const gone = Math.floor(tonnes * GRAMS * missing(alarm.to + SURVEY_AFTER_HOURS));
    return this.#lose(alarm, gone);
  }

  #raid(): Noticed {
    const { tonnes, raidBp } = this.#told;
    const share = raidBp / BP;
    const alarm = this.#watch(4, (hours) => (hours < 1 ? 0 : share));
    return this.#lose(alarm, Math.floor(tonnes * GRAMS * share));
  }

  /** The whole stock is weighed each hour; a warning as soon as the readings show it. */
  #watch(hours: number, missing: (hours: number) => number): Alarm {
    const { tonnes } = this.#told;
    const values = this.#weights(hours, (hour) => tonnes * KILOGRAMS * (1 - missing(hour)));
    const series: Series = { signal: 'weight', values, everyMs: HOUR_MS };
    const alarm = firstAlarm(series, { quantity: tonnes * GRAMS, temperature: undefined }, 'warning');
    invariant(alarm !== undefined, 'what goes on long enough is noticed');
    this.#feed('watch', 'the stock weighed each hour', {
      feed: { scale: { weight: values.slice(0, alarm.to + 1) } },
      every: '1h',
    });
    return alarm;
  }

  #lose({ from, to }: Alarm, grams: number): Noticed {
    const { tonnes } = this.#told;
    const left = tonnes * GRAMS - grams;
    this.#warn('weight', `$watch.scale[${from}..${to}]`);
    this.#call('loss', 'the survey finds what is gone', 'report-loss', ['warehouse', 'surveyor'], {
      args: {
        ...{ unit: '$goods', reportedBy: '$warehouse', surveyor: '$surveyor', quantity: grams },
        ...{ packages: 0, cause: 'theft', report: '$survey' },
      },
    });
    this.#foreclose('cure', proceedsOf(this.#told, tonnes, left / GRAMS / tonnes));
    return { noticedAfterHours: to, falseAlarms: 0 };
  }

  #warmUp(): Noticed {
    const { tonnes } = this.#told;
    // A degree in ten minutes, from 4 °C to 15 °C: out of range after an hour.
    const values = Array.from({ length: 24 }, (_, i) => String(Math.min(15, 4 + i)));
    const normal: Normal = { quantity: tonnes * GRAMS, temperature: COLD };
    const series: Series = { signal: 'temperature', values, everyMs: COOLING_EVERY_MS };
    const alarm = firstAlarm(series, normal, 'critical');
    invariant(alarm !== undefined, 'a store that stays warm is noticed');
    this.#feed('watch', 'the cooling fails', {
      feed: { probe: { temperature: values.slice(0, alarm.to + 1) } },
      every: '10m',
    });
    this.#warn('temperature', `$watch.probe[${alarm.from}..${alarm.to}]`);
    this.#call('freeze', 'the pledge freezes by the policy contract', 'freeze', [], {
      args: { pledge: '$pledge-bank-a', ground: { type: 'policy', warning: '$warn' } },
    });
    const hoursOf = (readings: number) => (readings * COOLING_EVERY_MS) / HOUR_MS;
    const hoursOut = hoursOf(alarm.to - alarm.from) + RESCUE_AFTER_HOURS;
    this.#foreclose('cure', proceedsOf(this.#told, tonnes, shareAfter(hoursOut)));
    return { noticedAfterHours: hoursOf(alarm.to), falseAlarms: 0 };
  }

  /** All is well: scales are as inexact as scales are, and one reading jumps. */
  #repay(): Noticed {
    const { tonnes, seed } = this.#told;
    const hours = HONEST_DAYS * DAY_HOURS;
    const spike = new Random(seed, 'losses/spike').below(hours);
    const jump = (hour: number) => (hour === spike ? 1 + SPIKE_BP / BP : 1);
    const values = this.#weights(hours, (hour) => tonnes * KILOGRAMS * jump(hour));
    const normal: Normal = { quantity: tonnes * GRAMS, temperature: undefined };
    const alarm = firstAlarm({ signal: 'weight', values, everyMs: HOUR_MS }, normal, 'warning');
    this.#feed('watch', 'the stock weighed each hour', { feed: { scale: { weight: values } }, every: '1h' });
    const { principal, interest, costs } = this.#loan;
    this.#call('repay', 'the loan is repaid', 'repay', ['enterprise', 'bank-a'], {
      args: {
        ...{ loan: '$apply-bank-a', payer: '$enterprise', currency: 'EUR' },
        ...{ amount: principal + interest + costs, reference: 'SEPA back' },
      },
    });
    return { noticedAfterHours: undefined, falseAlarms: alarm === undefined ? 0 : 1 };
  }

  #weights(hours: number, kilograms: (hour: number) => number): string[] {
    const random = new Random(this.#told.seed, 'losses/noise');
    return Array.from({ length: hours }, (_, hour) => {
      const noise = 1 + random.between(-NOISE_BP, NOISE_BP) / BP;
      return Math.max(0, kilograms(hour) * noise).toFixed(1);
    });
  }

  #warn(trigger: string, evidence: string): void {
    this.#call('warn', 'the monitor warns', 'warn', ['monitor-a'], {
      args: { pledge: '$pledge-bank-a', trigger, evidence },
    });
  }

  /** Notice of default, notice of the sale, the sale, and the waterfall. */
  #foreclose(cause: 'maturity' | 'cure', proceeds: number): void {
    if (cause === 'maturity') this.#wait('matured', AFTER_MATURITY, 'apply-bank-a');
    this.#notify('notice', 'default', '$letter');
    this.#wait('proved', cause === 'cure' ? '4s' : '2s', 'notice-again');
    this.#call('default', 'default is declared', 'declare-default', ['bank-a'], {
      args: { pledge: '$pledge-bank-a', notice: '$notice' },
    });
    this.#notify('sale-notice', 'enforcement', '$sale-letter');
    this.#wait('sale-proved', '4s', 'sale-notice-again');
    if (proceeds === 0) return;
    this.#call('money', 'the buyer has money at Bank A', 'issue-money', ['bank-a'], {
      args: { issuer: '$bank-a', to: '$buyer', currency: 'EUR', amount: proceeds, reference: 'TX' },
    });
    this.#call('sale', 'the public sale opens', 'enforce', ['bank-a'], {
      args: {
        ...{ pledge: '$pledge-bank-a', notice: '$sale-notice', closesAt: `$now+${BIDDING}`, money: '$eur' },
        ...{ least: 1, costs: 0 },
      },
    });
    this.#call('bid', 'the buyer bids', 'bid', ['buyer'], {
      args: { sale: '$sale', bidder: '$buyer', amount: proceeds },
    });
    this.#wait('closed', '9s', 'sale');
    this.#call('distribute', 'the price is shared out', 'distribute', [], { args: { sale: '$sale' } });
  }

  /** A debtor who does not answer: two attempts on two channels prove it. */
  #notify(name: string, kind: string, content: string): void {
    this.#call(name, `notice of ${kind}`, 'give-notice', ['bank-a'], {
      args: {
        ...{ subject: '$pledge-bank-a', sender: '$bank-a', addressee: '$enterprise', kind, content },
        channel: 'ledger',
      },
    });
    this.#call(`${name}-again`, 'a second attempt to reach the debtor', 'attempt-notice', ['bank-a'], {
      args: { notice: `$${name}`, channel: 'post' },
    });
  }

  /** All that is there is weighed and counted. */
  #weigh(name: string, say: string): void {
    const { realTonnes } = this.#told;
    this.#feed(name, say, {
      feed: { scale: { weight: String(realTonnes * KILOGRAMS) }, camera: { count: String(realTonnes) } },
    });
  }

  #feed(name: string, say: string, fed: Fields): void {
    this.steps.push({ name, say, ...fed });
  }

  #wait(name: string, time: string, since: string): void {
    this.steps.push({ name, say: 'time passes', wait: time, since });
  }

  #call(name: string, say: string, transition: string, by: readonly string[], rest: Fields): void {
    this.steps.push({ name, say, call: transition, by: [...by], ...rest });
  }
}

type Bank = 'bank-a' | 'bank-b';
const REGISTERING = ['monitor-a', 'warehouse', 'enterprise'] as const;
