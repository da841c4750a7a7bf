/** One check of a verification: whether it held, and a sentence that says what it showed, or why it did not hold. */
export interface Fact {
  readonly ok: boolean;
  readonly text: string;
}
