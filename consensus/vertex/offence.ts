/**
 * Offences `[BFT-2]`: sayings of one seat that an honest seat never makes, with its signatures, so that whoever has
 * them can check them. What they lead to is decided when they are executed. docs/spec/committee.md.
 */

import { compareBytes, equalBytes } from '../codec/bytes.ts';
import { ok, type Result, refuse } from '../codec/result.ts';
import { hash32, type Infer, int, key32, list, record } from '../codec/schema.ts';
import { hash } from '../crypto/hash.ts';
import { type Saying, saying, verifySaying } from './sayings.ts';

export const offence = record('offence', {
  /** The voting key that signed. */
  key: key32,
  /** Hash of the committee that the sayings name. */
  committee: hash32,
  height: int(1),
  /** Two that contradict each other; or one that no seat of that committee may make at that height. */
  sayings: list(saying, 2, 1),
});
export type Offence = Infer<typeof offence>;

/** Two sayings with a little around them: their greatest encoding has 420 bytes. */
export const offenceBytesMax = 512;

/** `outside` is proved only together with the heights of the committee, which the state knows. */
export const offenceKinds = ['two-values', 'hidden', 'outside'] as const;
export type OffenceKind = (typeof offenceKinds)[number];

/** What two sayings of one seat about one height prove, or `undefined` where an honest seat may have made both. */
export function contradiction(a: Saying, b: Saying): OffenceKind | undefined {
  if (a.type === 'vote' && b.type === 'vote') {
    const same = a.phase === b.phase && a.view === b.view;
    return same && !equalBytes(a.headerId, b.headerId) ? 'two-values' : undefined;
  }
  if (a.type === 'viewChange' && b.type === 'viewChange')
    return a.view === b.view && !equalBytes(a.preparedId, b.preparedId) ? 'two-values' : undefined;
  const [vote, change] = a.type === 'vote' ? [a, b] : [b, a];
  if (vote.type !== 'vote' || change.type !== 'viewChange') return undefined;
  if (vote.phase !== 'commit' || vote.view >= change.view) return undefined;
  // `preparedIn` is the view plus one: what is declared must be of the commit's view, or of a later one.
  if (change.preparedIn < vote.view + 1) return 'hidden';
  const another = change.preparedIn === vote.view + 1 && !equalBytes(change.preparedId, vote.headerId);
  return another ? 'two-values' : undefined;
}

/** Everything about an offence that its bytes decide: it contradicts itself, and the key signed all of it. */
export function checkOffence(claimed: Offence, network: Uint8Array): Result<OffenceKind> {
  const { key, committee, height, sayings } = claimed;
  const [first, second] = sayings;
  const kind = second === undefined ? 'outside' : contradiction(first!, second);
  if (kind === undefined) return refuse('E_EVIDENCE', { reason: 'the sayings do not contradict each other' });
  // One form for each pair, or one offence could be told in two.
  if (second !== undefined && compareBytes(saying.encode(first!), saying.encode(second)) >= 0)
    return refuse('E_EVIDENCE', { reason: 'the sayings are not in order' });
  const signed = sayings.every((said) => verifySaying(said, { network, committee, height, key }));
  return signed ? ok(kind) : refuse('E_SIG', { part: 'saying', height });
}

/** Puts an offence into its one form. */
export function makeOffence(
  subject: Omit<Offence, 'sayings'>,
  ...sayings: readonly [Saying] | readonly [Saying, Saying]
): Offence {
  const { key, committee, height } = subject;
  const ordered = [...sayings].sort((a, b) => compareBytes(saying.encode(a), saying.encode(b)));
  return { key, committee, height, sayings: ordered };
}

/** What an evidence vertex commits to. */
export function offencePayloadHash(payload: Uint8Array): Uint8Array {
  return hash('evidence', payload);
}
