/**
 * What banks lose to scripted frauds with monitoring on the ledger, and without it on paper (R021). On the ledger each
 * case is told to real replicas, and the loss is what the loans still owe in their final state.
 */

import { invariant } from '../../consensus/codec/result.ts';
import { readObject } from '../../consensus/contracts/object.ts';
import { loan } from '../../consensus/contracts/objects/loan.ts';
import {
  type CaseKind,
  drawCase,
  frauds,
  HAIRCUT_BP,
  LOAN_TO_VALUE_BP,
  type LossCase,
  loanOn,
  others,
  SPOILED_AFTER_HOURS,
  TERM_DAYS,
} from '../losses/case.ts';
import { carefulBank, isFraud, type PaperBank, paperLoss } from '../losses/paper.ts';
import { RESCUE_AFTER_HOURS, SURVEY_AFTER_HOURS, type Telling, tellCase } from '../losses/telling.ts';
import { run } from '../run.ts';
import { defaultSettings } from '../settings.ts';
import type { World } from '../world.ts';
import { type Cell, type Experiment, type Findings, rounded, type Table } from './experiment.ts';
import { quantile } from './statistics.ts';

/** R021. */
const REDUCTION_LEAST = 0.9;
const LOOKS = [0, 0.5, 0.9] as const;
const INSPECTIONS = [7, 30, 90] as const;
const UNITS = 100;
const STORY_MS = 30_000;

export interface Outcome {
  readonly lost: LossCase;
  /** Principal that banks paid out, and what of it did not come back; minor units. */
  readonly paidOut: number;
  readonly ledgerLoss: number;
  readonly noticedAfterHours: number | undefined;
  readonly falseAlarms: number;
  /** Why the story did not end as it must. */
  readonly broken: string | undefined;
}

/** Tells one case to four replicas and reads the loans of their final state. */
export async function settleCase(lost: LossCase, telling: Telling = tellCase(lost)): Promise<Outcome> {
  let world: World | undefined;
  const result = await run(
    {
      ...defaultSettings,
      ...{ durationMs: STORY_MS, load: { verticesPerS: 2, pledgeRacesPerMin: 0 } },
      ...{ pace: telling.plan.pace, story: telling.plan },
    },
    lost.seed,
    {
      prepare: (prepared) => {
        world = prepared;
      },
    },
  );
  const state = world?.nodes[0]?.runner?.replica.ledger.state;
  invariant(state !== undefined, 'a run without faults ends with every node up');
  const loans = [...state.objects()].flatMap((stored) =>
    stored.type === loan.name ? readObject(loan, stored) : [],
  );
  const drawn = loans.filter(({ state: at }) => at === 'DRAWN' || at === 'REPAID');
  return {
    lost,
    paidOut: drawn.reduce((sum, { limit }) => sum + limit, 0),
    ledgerLoss: drawn.reduce((sum, { debt }) => sum + debt.principal, 0),
    noticedAfterHours: telling.noticedAfterHours,
    falseAlarms: telling.falseAlarms,
    broken: result.verdict === 'passed' ? undefined : `${result.verdict}: ${result.failure?.what}`,
  };
}

export function describeOutcomes(outcomes: readonly Outcome[]): Pick<Findings, 'tables' | 'rules'> {
  const fraud = outcomes.filter(({ lost }) => isFraud(lost));
  const [onLedger, onPaper] = [sumLedger(fraud), sumPaper(fraud, carefulBank)];
  const broken = outcomes.flatMap(({ lost, broken: why }) =>
    why === undefined ? [] : `${lost.kind}, seed ${lost.seed}: ${why}`,
  );
  const repaid = outcomes.filter(({ lost }) => lost.kind === 'repaid');
  const falseAlarms = outcomes.reduce((sum, outcome) => sum + outcome.falseAlarms, 0);
  return {
    tables: [tableByKind(outcomes), tableOfBanks(fraud)],
    rules: [
      {
        rule: 'every story ends as it must',
        measured: broken.join('; ') || `${outcomes.length} of ${outcomes.length}`,
        holds: broken.length === 0,
      },
      {
        rule: 'an honest enterprise gets its loan and repays it, and nobody warns (R021)',
        measured: `${repaid.filter(({ paidOut, ledgerLoss }) => paidOut > 0 && ledgerLoss === 0).length} of ${repaid.length}, ${falseAlarms} false alarms`,
        holds:
          repaid.every(({ paidOut, ledgerLoss }) => paidOut > 0 && ledgerLoss === 0) && falseAlarms === 0,
      },
      {
        rule: `banks lose at least ${100 * REDUCTION_LEAST} % less to the four frauds than a careful bank on paper (R021)`,
        measured: `${percent(reduction(onLedger, onPaper))} %`,
        holds: reduction(onLedger, onPaper) >= REDUCTION_LEAST,
      },
    ],
  };
}

/** By what share the loss is smaller; 0 where there is none to reduce. */
export function reduction(onLedger: number, onPaper: number): number {
  return onPaper === 0 ? 0 : 1 - onLedger / onPaper;
}

function sumLedger(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((sum, { ledgerLoss }) => sum + ledgerLoss, 0);
}

function sumPaper(outcomes: readonly Outcome[], bank: PaperBank): number {
  return outcomes.reduce((sum, { lost }) => sum + paperLoss(lost, bank), 0);
}

function tableByKind(outcomes: readonly Outcome[]): Table {
  const kinds: readonly CaseKind[] = [...frauds, ...others];
  return {
    title: 'Loss of principal by what happened, thousands of EUR',
    columns: [
      'what happened',
      'loans',
      'asked for',
      'on paper',
      'on the ledger',
      'less by %',
      'noticed after h, median (most)',
    ],
    rows: [
      ...kinds.map((kind) =>
        rowOf(
          kind,
          outcomes.filter(({ lost }) => lost.kind === kind),
        ),
      ),
      rowOf(
        'the four frauds',
        outcomes.filter(({ lost }) => isFraud(lost)),
      ),
      rowOf('everything', outcomes),
    ],
  };
}

function rowOf(title: string, outcomes: readonly Outcome[]): readonly Cell[] {
  const [ledger, paper] = [sumLedger(outcomes), sumPaper(outcomes, carefulBank)];
  const asked = outcomes.reduce((sum, { lost }) => sum + askedFor(lost), 0);
  const hours = outcomes.flatMap(({ noticedAfterHours }) => noticedAfterHours ?? []);
  const median = quantile(hours, 0.5);
  const noticed = median === undefined ? '' : `${rounded(median, 1)} (${rounded(Math.max(...hours), 1)})`;
  return [
    ...[title, outcomes.length, thousands(asked), thousands(paper), thousands(ledger)],
    ...[paper === 0 ? '' : percent(reduction(ledger, paper)), noticed],
  ];
}

/** What the enterprise asks for, of all banks together. */
function askedFor(lost: LossCase): number {
  return loanOn(lost.tonnes, lost.price).principal * (lost.kind === 'double pledge' ? 2 : 1);
}

function tableOfBanks(fraud: readonly Outcome[]): Table {
  return {
    title:
      'What other banks on paper lose to the four frauds, thousands of EUR: by what their look before paying finds, and how often they inspect',
    columns: ['the look finds', ...INSPECTIONS.map((days) => `every ${days} days`)],
    rows: LOOKS.map((look) => [
      `${100 * look} %`,
      ...INSPECTIONS.map((inspectionDays) =>
        thousands(sumPaper(fraud, { ...carefulBank, look, inspectionDays })),
      ),
    ]),
  };
}

const percent = (share: number): number => rounded(100 * share, 1);
const thousands = (minorUnits: number): number => rounded(minorUnits / UNITS / 1_000);

async function findLosses(say: (progress: string) => void, seeds: Experiment['seeds']): Promise<Findings> {
  const { from, to } = seeds ?? { from: 1, to: 1 };
  const outcomes: Outcome[] = [];
  for (const kind of [...frauds, ...others]) {
    say(kind);
    for (let seed = from; seed <= to; seed++) outcomes.push(await settleCase(drawCase(kind, seed)));
  }
  const { look, inspectionDays, find, tolerance } = carefulBank;
  return {
    conditions: [
      `Seeds ${from} to ${to}, one loan of each kind: 40 to 120 t, haircut ${HAIRCUT_BP / 100} %, loan to value ${LOAN_TO_VALUE_BP / 100} %, ${TERM_DAYS} days; a forced sale brings 85 to 95 % of the market.`,
      'On the ledger: four replicas, links of 5 to 40 ms; every step is a transition, the loss is what the loans owe in the final state.',
      `After a warning of theft somebody counts within ${SURVEY_AFTER_HOURS} h, and the theft goes on until then; warm goods are cold again ${RESCUE_AFTER_HOURS} h after the critical warning, and spoil within ${SPOILED_AFTER_HOURS} h.`,
      `On paper: a look before paying that finds ${100 * look} % of earlier pledges and phantom goods, an inspection every ${inspectionDays} days that finds ${100 * find} % of what is missing above ${100 * tolerance} %; expected values.`,
    ],
    ...describeOutcomes(outcomes),
  };
}

export const losses: Experiment = {
  name: 'losses',
  summary: 'what banks lose to frauds, on the ledger and on paper',
  seeds: { from: 1, to: 8 },
  run: findLosses,
};
