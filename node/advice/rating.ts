/**
 * The rating of a party or a thing (R118, R131): six factors in three parts, each a smoothed mean of observations. Integers
 * throughout, and the contributions add up to the score exactly `[ADV-3]`. docs/spec/contracts/credit.md.
 */

import { type Infer, int, record } from '../../consensus/codec/schema.ts';

export const factors = [
  'credit-status',
  'personal-quality',
  'repayment-capability',
  'profitability',
  'operating-capability',
  'development-capability',
] as const;
export type Factor = (typeof factors)[number];

export type Part = 'subject' | 'transaction' | 'entity';
const partOf: { readonly [F in Factor]: Part } = {
  'credit-status': 'subject',
  'personal-quality': 'subject',
  'repayment-capability': 'transaction',
  profitability: 'transaction',
  'operating-capability': 'entity',
  'development-capability': 'entity',
};

const percent = int(0, 100);

/** What an opinion rests on, declared so that it can be shown and replaced; weights sum to 100. */
export const ratingModel = record('rating-model', {
  weights: record('weights', {
    'credit-status': percent,
    'personal-quality': percent,
    'repayment-capability': percent,
    profitability: percent,
    'operating-capability': percent,
    'development-capability': percent,
  }),
  /** What a factor is without history, and how many observations that weighs. */
  priorBp: int(0, 10_000),
  priorCount: int(1, 1_000),
  /** What happened longer ago does not count. */
  memoryMs: int(1),
  /** Each of the two windows whose activity is compared. */
  windowMs: int(1),
});
export type RatingModel = Infer<typeof ratingModel>;

const DAY_MS = 86_400_000;

export const defaultModel: RatingModel = {
  weights: {
    'credit-status': 25,
    'personal-quality': 15,
    'repayment-capability': 25,
    profitability: 10,
    'operating-capability': 15,
    'development-capability': 10,
  },
  priorBp: 5_000,
  priorCount: 2,
  memoryMs: 730 * DAY_MS,
  windowMs: 90 * DAY_MS,
};

/** Observations of each factor, basis points 0 to 10,000. */
export type Observations = { readonly [F in Factor]: readonly number[] };

export interface Contribution {
  readonly part: Part | 'cap';
  readonly factor: Factor | 'owner-cap';
  /** Percent; 0 for the cap. */
  readonly weight: number;
  /** Basis points; 0 for the cap. */
  readonly value: number;
  /** How many observations it rests on. */
  readonly observations: number;
  /** Millionths of the score; negative for a cap that binds. */
  readonly contribution: number;
}

export interface Rating {
  /** 0 to 1,000,000. */
  readonly score: number;
  /** What each part gives; with the cap they sum to the score. */
  readonly parts: { readonly [P in Part | 'cap']: number };
  readonly contributions: readonly Contribution[];
}

/** floor((Σ observations + prior × its count) / (count + its count)), basis points. */
export function smoothedMean(
  observations: readonly number[],
  { priorBp, priorCount }: Pick<RatingModel, 'priorBp' | 'priorCount'>,
): number {
  const sum = observations.reduce((total, value) => total + value, priorBp * priorCount);
  return Math.floor(sum / (observations.length + priorCount));
}

/** The score of observations. `ownerScore` of a thing's owner is a cap: what is above it is taken off again. */
export function rate(
  observations: Observations,
  model: RatingModel = defaultModel,
  ownerScore?: number,
): Rating {
  const weightSum = factors.reduce((sum, factor) => sum + model.weights[factor], 0);
  if (weightSum !== 100) throw new RangeError(`"weights" expected to sum to 100, got ${weightSum}`);
  const contributions: Contribution[] = factors.map((factor) => {
    const weight = model.weights[factor];
    const value = smoothedMean(observations[factor], model);
    const count = observations[factor].length;
    return { part: partOf[factor], factor, weight, value, observations: count, contribution: weight * value };
  });
  if (ownerScore !== undefined) {
    const excess = Math.max(0, sumOf(contributions) - ownerScore);
    contributions.push({
      ...{ part: 'cap', factor: 'owner-cap', weight: 0, value: 0, observations: 0 },
      contribution: 0 - excess,
    });
  }
  const share = (part: Part | 'cap'): number => sumOf(contributions.filter((entry) => entry.part === part));
  return {
    score: sumOf(contributions),
    parts: {
      subject: share('subject'),
      transaction: share('transaction'),
      entity: share('entity'),
      cap: share('cap'),
    },
    contributions,
  };
}

const sumOf = (contributions: readonly Contribution[]): number =>
  contributions.reduce((sum, { contribution }) => sum + contribution, 0);
