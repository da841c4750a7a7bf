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
}

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

/** The end of a story in one line. */
export function describeStory({
  title,
  steps,
  effective,
  refused,
  frames,
  checks,
  proofs,
}: StoryResult): string {
  return `“${title}”: ${steps} steps, ${effective} calls took effect, ${refused} refused as expected, ${frames} frames final, ${checks} checks, ${proofs} proofs verified`;
}
