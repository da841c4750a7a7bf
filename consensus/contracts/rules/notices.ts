/** Whether a notice is proved (semantics §1): acknowledged, or tried on two different channels and a day past. */

import { equalBytes } from '../../codec/bytes.ts';
import type { Code } from '../../codec/codes.ts';
import type { ValueOf } from '../object.ts';
import type { notice } from '../objects/notice.ts';
import { type Context, type ContractRefusal, refused } from '../transition.ts';

type Notice = ValueOf<typeof notice>;

export interface Wanted {
  readonly subject: Uint8Array;
  readonly kind: Notice['kind'];
  readonly sender: Uint8Array;
  readonly addressee: Uint8Array;
  /** It was given at this height or later: not before there was something to give notice of. */
  readonly since: number;
  /** And after this date, checkpoint time. */
  readonly after: number;
}

/** The refusal, under `code`, unless the notice is the one wanted, unused, and proved for `forMs` at least. */
export function checkNotice(
  id: Uint8Array,
  given: Notice,
  wanted: Wanted,
  forMs: number,
  code: Code,
  context: Context,
): ContractRefusal | undefined {
  const fits =
    given.kind === wanted.kind &&
    equalBytes(given.subject, wanted.subject) &&
    equalBytes(given.sender, wanted.sender) &&
    equalBytes(given.addressee, wanted.addressee);
  if (!fits) return refused(code, { reason: 'a notice of something else', kind: given.kind }, id);
  if (given.state === 'USED') return refused(code, { reason: 'the notice is used' }, id);
  if (given.givenAtHeight < wanted.since || given.givenAt <= wanted.after)
    return refused(code, { reason: 'given before there was cause', given: given.givenAtHeight }, id);
  const { running } = context;
  if (given.provedAt === 0 || running < given.provedAt)
    return refused(code, { reason: 'not proved', provedAt: given.provedAt, running }, id);
  const due = given.provedAt + forMs;
  return running < due ? refused(code, { reason: 'too recent', due, running }, id) : undefined;
}
