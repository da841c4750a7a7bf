/**
 * What happens in a case, told on the ledger. Whoever cheats tries it, and the story says with which code the ledger refuses;
 * what no contract refuses shows in what the sensors say.
 */

import { invariant } from '../../consensus/codec/result.ts';
import type { StoryPlan } from '../../node/story/plan.ts';
import { Random } from '../random.ts';
import { type Alarm, firstAlarm, type Normal, type Series } from './alarm.ts';
import { type Loan, type LossCase, loanOn, proceedsOf, shareAfter } from './case.ts';
import { COLD, DAY_HOURS, GRAMS, HOUR_MS, KILOGRAMS, LoanScript } from './loan-script.ts';

/** Somebody is there so long after a warning of theft, and counts; the theft goes on until then. */
export const SURVEY_AFTER_HOURS = 24;
/** The goods are in a working cold store so long after the critical warning. */
export const RESCUE_AFTER_HOURS = 12;

const BP = 10_000;
const COOLING_EVERY_MS = 600_000;
/** What scales differ by from one weighing to the next, and how much one reading in a loan's life jumps. */
const NOISE_BP = 20;
const SPIKE_BP = 300;
const HONEST_DAYS = 10;

export interface Telling {
  readonly plan: StoryPlan;
  /** From when the loss began until the readings show it; `undefined` where no reading does. */
  readonly noticedAfterHours: number | undefined;
  /** Warnings on goods that were all there. */
  readonly falseAlarms: number;
}

type Noticed = Omit<Telling, 'plan'>;
const unnoticed: Noticed = { noticedAfterHours: undefined, falseAlarms: 0 };

export function tellCase(told: LossCase): Telling {
  const teller = new Teller(told);
  const noticed = teller.tell();
  return { ...noticed, plan: teller.script.plan(`${told.kind}, seed ${told.seed}`) };
}

class Teller {
  readonly script: LoanScript;
  readonly #told: LossCase;
  readonly #loan: Loan;

  constructor(told: LossCase) {
    this.script = new LoanScript(told);
    this.#told = told;
    this.#loan = loanOn(told.realTonnes, told.price);
  }

  tell(): Noticed {
    const { kind, tonnes, realTonnes } = this.#told;
    if (kind === 'phantom goods') this.script.claim(tonnes);
    this.script.register();
    // Both banks decide before either holds the goods, as they would on paper.
    if (kind === 'double pledge') this.script.approve('bank-b', this.#loan);
    this.script.lend('bank-a', this.#loan);
    switch (kind) {
      case 'double pledge':
        this.#pledgeAgain();
        this.script.foreclose('maturity', proceedsOf(this.#told, tonnes, 1));
        return unnoticed;
      case 'phantom goods':
      case 'default':
        this.script.foreclose('maturity', proceedsOf(this.#told, realTonnes, 1));
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

  /** The same goods at another bank, which approves, as it would on paper: it is not paid out. */
  #pledgeAgain(): void {
    const { tonnes } = this.#told;
    this.script.call('again', 'the same goods are pledged again', 'agree-pledge', ['enterprise', 'bank-b'], {
      args: {
        unit: '$goods',
        quantity: tonnes * GRAMS,
        loan: '$apply-bank-b',
        ceiling: this.#loan.principal,
      },
      ...{ expect: 'E_ENCUMBERED', conflict: '$pledge-bank-a' },
    });
    this.script.draw('bank-b', this.#loan, 'E_STATE');
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
    this.script.feed('watch', 'the stock weighed each hour', {
      feed: { scale: { weight: values.slice(0, alarm.to + 1) } },
      every: '1h',
    });
    return alarm;
  }

  #lose({ from, to }: Alarm, grams: number): Noticed {
    const { tonnes } = this.#told;
    const left = tonnes * GRAMS - grams;
    this.script.warn('weight', `$watch.scale[${from}..${to}]`);
    this.script.call('loss', 'the survey finds what is gone', 'report-loss', ['warehouse', 'surveyor'], {
      args: {
        ...{ unit: '$goods', reportedBy: '$warehouse', surveyor: '$surveyor', quantity: grams },
        ...{ packages: 0, cause: 'theft', report: '$survey' },
      },
    });
    this.script.foreclose('cure', proceedsOf(this.#told, tonnes, left / GRAMS / tonnes));
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
    this.script.feed('watch', 'the cooling fails', {
      feed: { probe: { temperature: values.slice(0, alarm.to + 1) } },
      every: '10m',
    });
    this.script.warn('temperature', `$watch.probe[${alarm.from}..${alarm.to}]`);
    this.script.call('freeze', 'the pledge freezes by the policy contract', 'freeze', [], {
      args: { pledge: '$pledge-bank-a', ground: { type: 'policy', warning: '$warn' } },
    });
    const hoursOf = (readings: number) => (readings * COOLING_EVERY_MS) / HOUR_MS;
    const hoursOut = hoursOf(alarm.to - alarm.from) + RESCUE_AFTER_HOURS;
    this.script.foreclose('cure', proceedsOf(this.#told, tonnes, shareAfter(hoursOut)));
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
    this.script.feed('watch', 'the stock weighed each hour', {
      feed: { scale: { weight: values } },
      every: '1h',
    });
    const { principal, interest, costs } = this.#loan;
    this.script.call('repay', 'the loan is repaid', 'repay', ['enterprise', 'bank-a'], {
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
}
