/** What a story tells as it goes on, and of itself at its end. */

/** A step as it ended, for people. */
export interface StepReport {
  readonly step: string;
  readonly text: string;
  readonly signers: readonly string[];
  readonly height?: number;
  readonly ms?: number;
}

export interface StoryResult {
  readonly title: string;
  readonly steps: number;
  /** Calls that took effect, and calls that were refused as they had to be. */
  readonly effective: number;
  readonly refused: number;
  /** Frames that were fed and became final. */
  readonly frames: number;
  /** Objects that were read and said what they must. */
  readonly checks: number;
  /** Bundles of calls that verified offline. */
  readonly proofs: number;
  /** From the agreement on an exchange of two currencies to both legs at one position, ms; one for each that was settled. */
  readonly settledMs: readonly number[];
}

/** What the design holds such a settlement against (R095). */
export const SETTLEMENT_BASELINES = '4 h, 24 h and 5 to 10 working days';

/** A line of what happened, and one of who signed it and how fast it was final. */
export function describeStep(
  { text, signers, height, ms }: Omit<StepReport, 'step'>,
  number: number,
): string[] {
  const signed = signers.length === 0 ? '' : `signed by ${signers.join(', ')}`;
  const took = ms === undefined ? '' : `in ${ms} ms`;
  const final = height === undefined ? took : `checkpoint ${height} ${took}`.trimEnd();
  const facts = [signed, final].filter((fact) => fact !== '').join(' · ');
  return [`${String(number).padStart(2)}. ${text}`, ...(facts === '' ? [] : [`    ${facts}`])];
}

/** The end of a story in one line, and how fast it settled what was exchanged. */
export function describeStory(result: StoryResult): string {
  const { title, steps, effective, refused, frames, checks, proofs } = result;
  const end = `“${title}”: ${steps} steps, ${effective} calls took effect, ${refused} refused as expected, ${frames} frames final, ${checks} checks, ${proofs} proofs verified`;
  return [end, ...describeSettlements(result)].join('\n');
}

/** A line for each exchange that was settled. */
export function describeSettlements({ settledMs }: Pick<StoryResult, 'settledMs'>): string[] {
  return settledMs.map(
    (ms) =>
      `  both legs settled at one position ${(ms / 1_000).toFixed(1)} s after they were agreed on; elsewhere it takes ${SETTLEMENT_BASELINES}`,
  );
}
