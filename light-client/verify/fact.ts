/** One check of a verification, and what it showed; the words that every kind of statement says it in. */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { describeRefusal, type Refusal } from '../../consensus/codec/result.ts';

export interface Fact {
  readonly ok: boolean;
  readonly text: string;
  /** Of a check that failed: what kind of fault it is. */
  readonly code?: Code;
}

export const yes = (text: string): Fact => ({ ok: true, text });
/** The text is preceded by the code, so that it is there for people as well. */
export const no = (code: Code, text: string): Fact => ({ ok: false, code, text: `${code}: ${text}` });
export const because = (text: string, refusal: Refusal): Fact => ({
  ok: false,
  code: refusal.code,
  text: `${text}: ${describeRefusal(refusal)}.`,
});
export const short = (id: Uint8Array): string => `${toHex(id).slice(0, 16)}…`;
export const isoTime = (ms: number): string => new Date(ms).toISOString();
