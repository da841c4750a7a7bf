/**
 * A loan on the ledger as steps of a story: goods registered, the bank's decision, pledge and money, and, when it is not paid,
 * notice, sale and waterfall.
 */

import type { Fields, StoryPlan } from '../../node/story/plan.ts';
import { readStory } from '../../node/story/scenario-file.ts';
import { HAIRCUT_BP, LOAN_TO_VALUE_BP, type Loan, type LossCase } from './case.ts';

export const GRAMS = 1_000_000;
export const KILOGRAMS = 1_000;
export const HOUR_MS = 3_600_000;
export const DAY_HOURS = 24;
/** Butter, where the cold chain is what fails. */
export const COLD = { leastMilliC: 2_000, mostMilliC: 10_000 };
/** Days become seconds: nobody waits for a story as long as for a loan. */
const pace = { heartbeatMs: 1_000 };
const policy = {
  ...{ cureMs: 3_000, noticeMs: 1_000, enforcementNoticeMs: 2_000 },
  evidenceAgeMs: 120 * DAY_HOURS * HOUR_MS,
};
const MATURITY = '60s';
const AFTER_MATURITY = '65s';
const BIDDING = '8s';

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

type Bank = 'bank-a' | 'bank-b';
const REGISTERING = ['monitor-a', 'warehouse', 'enterprise'] as const;

export class LoanScript {
  readonly #told: LossCase;
  readonly #steps: Fields[] = [];

  constructor(told: LossCase) {
    this.#told = told;
  }

  /** The story so far. Throws when a step is not as a story's must be. */
  plan(title: string): StoryPlan {
    return readStory(title, { ...{ title, policy, pace, cast, devices, names }, step: this.#steps });
  }

  /** More is claimed than there is. */
  claim(tonnes: number): void {
    this.weigh('shown', 'the goods that are there, weighed and counted');
    this.call('claim', `${tonnes} t are registered`, 'register-goods', REGISTERING, {
      args: this.#registration(tonnes, '$shown'),
      expect: 'E_EVIDENCE',
    });
  }

  register(): void {
    this.weigh('weighed', 'goods weighed and counted');
    const { realTonnes } = this.#told;
    this.call('register', `${realTonnes} t are registered`, 'register-goods', REGISTERING, {
      args: this.#registration(realTonnes, '$weighed'),
    });
    this.weigh('counted', 'weighed and counted for the bank');
  }

  #registration(tonnes: number, evidence: string): Fields {
    return {
      ...{ scheme: 'sscc', label: names.goods.sscc, gln: '9506000134352', zone: 'H6', goods: 'Goods' },
      ...{ owner: '$enterprise', custodian: '$warehouse', monitor: '$monitor-a' },
      ...{ quantity: tonnes * GRAMS, packages: tonnes, receiptsByMonitor: false, evidence },
      ...(this.#told.kind === 'cold chain' ? { temperature: COLD } : {}),
    };
  }

  /** From the order receipt to the money, at one bank. */
  lend(bank: Bank, loan: Loan): void {
    this.approve(bank, loan);
    const { realTonnes } = this.#told;
    this.call(`pledge-${bank}`, 'pledged', 'agree-pledge', ['enterprise', bank], {
      args: {
        ...{ unit: '$goods', quantity: realTonnes * GRAMS, loan: `$apply-${bank}` },
        ceiling: loan.principal + loan.interest + loan.costs,
      },
    });
    this.call(`perfect-${bank}`, 'perfected', 'perfect-pledge', ['monitor-a', 'warehouse', bank], {
      args: { pledge: `$pledge-${bank}`, evidence: '$counted' },
    });
    this.draw(bank, loan, 'OK');
  }

  draw(bank: Bank, loan: Loan, expect: string): void {
    this.call(`draw-${bank}`, 'the money is paid out', 'draw', [bank, 'enterprise'], {
      args: { loan: `$apply-${bank}`, ...loan, reference: `SEPA ${bank}` },
      expect,
    });
  }

  approve(bank: Bank, { principal }: Loan): void {
    const { realTonnes, price } = this.#told;
    const loan = `$apply-${bank}`;
    const order = { orderNumber: 'PO-1', amount: principal, currency: 'EUR' };
    this.call(`order-${bank}`, 'the bank has the order receipt', 'order-receipt', ['monitor-a'], {
      args: {
        ...{ unit: '$goods', pledgee: `$${bank}`, specification: 'as weighed', position: 'as registered' },
        ...{ condition: 'sound', ...order },
      },
    });
    this.call(`apply-${bank}`, 'a loan is applied for', 'apply', ['enterprise'], {
      args: {
        ...{ applicant: '$enterprise', bank: `$${bank}`, lei: '$enterprise.lei', amount: principal },
        ...{ currency: 'EUR', maturity: `$now+${MATURITY}`, orders: ['PO-1'], units: ['$goods'] },
      },
    });
    this.call(`grant-${bank}`, 'the monitor may disclose', 'authorise', [bank, 'enterprise'], {
      args: {
        ...{ loan, scope: ['$goods'], kinds: ['status', 'readings', 'ownership'] },
        ...{ purpose: 'credit decision and monitoring', expires: '$now+120d' },
      },
    });
    this.call(`status-${bank}`, 'status supplied with its readings', 'supply-status', ['monitor-a'], {
      args: {
        ...{ grant: `$grant-${bank}`, unit: '$goods', evidence: '$counted', orderReceipt: `$order-${bank}` },
        ...{ asOf: '$now', condition: 'as registered' },
      },
    });
    this.call(`value-${bank}`, 'the goods are valued', 'evaluate', [bank], {
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
    this.call(`approve-${bank}`, 'the loan is approved', 'decide', [bank], {
      args: {
        loan,
        decision: {
          ...{ type: 'approve', grant: `$grant-${bank}`, evaluation: `$value-${bank}` },
          ...{ limit: principal, until: '$now+30d' },
        },
      },
    });
  }

  warn(trigger: string, evidence: string): void {
    this.call('warn', 'the monitor warns', 'warn', ['monitor-a'], {
      args: { pledge: '$pledge-bank-a', trigger, evidence },
    });
  }

  /** Notice of default, notice of the sale, the sale, and the waterfall. */
  foreclose(cause: 'maturity' | 'cure', proceeds: number): void {
    if (cause === 'maturity') this.wait('matured', AFTER_MATURITY, 'apply-bank-a');
    this.#notify('notice', 'default', '$letter');
    this.wait('proved', cause === 'cure' ? '4s' : '2s', 'notice-again');
    this.call('default', 'default is declared', 'declare-default', ['bank-a'], {
      args: { pledge: '$pledge-bank-a', notice: '$notice' },
    });
    this.#notify('sale-notice', 'enforcement', '$sale-letter');
    this.wait('sale-proved', '4s', 'sale-notice-again');
    if (proceeds === 0) return;
    this.call('money', 'the buyer has money at Bank A', 'issue-money', ['bank-a'], {
      args: { issuer: '$bank-a', to: '$buyer', currency: 'EUR', amount: proceeds, reference: 'TX' },
    });
    this.call('sale', 'the public sale opens', 'enforce', ['bank-a'], {
      args: {
        ...{ pledge: '$pledge-bank-a', notice: '$sale-notice', closesAt: `$now+${BIDDING}`, money: '$eur' },
        ...{ least: 1, costs: 0 },
      },
    });
    this.call('bid', 'the buyer bids', 'bid', ['buyer'], {
      args: { sale: '$sale', bidder: '$buyer', amount: proceeds },
    });
    this.wait('closed', '9s', 'sale');
    this.call('distribute', 'the price is shared out', 'distribute', [], { args: { sale: '$sale' } });
  }

  /** A debtor who does not answer: two attempts on two channels prove it. */
  #notify(name: string, kind: string, content: string): void {
    this.call(name, `notice of ${kind}`, 'give-notice', ['bank-a'], {
      args: {
        ...{ subject: '$pledge-bank-a', sender: '$bank-a', addressee: '$enterprise', kind, content },
        channel: 'ledger',
      },
    });
    this.call(`${name}-again`, 'a second attempt to reach the debtor', 'attempt-notice', ['bank-a'], {
      args: { notice: `$${name}`, channel: 'post' },
    });
  }

  /** All that is there is weighed and counted. */
  weigh(name: string, say: string): void {
    const { realTonnes } = this.#told;
    this.feed(name, say, {
      feed: { scale: { weight: String(realTonnes * KILOGRAMS) }, camera: { count: String(realTonnes) } },
    });
  }

  feed(name: string, say: string, fed: Fields): void {
    this.#steps.push({ name, say, ...fed });
  }

  wait(name: string, time: string, since: string): void {
    this.#steps.push({ name, say: 'time passes', wait: time, since });
  }

  call(name: string, say: string, transition: string, by: readonly string[], rest: Fields): void {
    this.#steps.push({ name, say, call: transition, by: [...by], ...rest });
  }
}
