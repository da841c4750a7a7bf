/**
 * What is remembered of a network whose bundles were shown here before `[LC-6]`: the changes of its committee, and the newest
 * certified header. A committee that is over may still sign what it likes; who knows that it is over does not believe it.
 * Pure. docs/spec/proofs.md.
 */

import { changesMax, committeeChange } from '../../consensus/checkpoint/change.ts';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { equalBytes } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import { hash32, type Infer, int, list, record } from '../../consensus/codec/schema.ts';
import { certifiedHeader } from '../proof/anchor.ts';
import { type Bundle, bundleBytesMax } from '../proof/bundle.ts';

const VERSION = 1;

export const acquaintanceSchema = record('acquaintance', {
  version: int(VERSION, VERSION),
  network: hash32,
  /** Verified, each in its turn, from the genesis' committee on. */
  changes: list(committeeChange, changesMax),
  newest: certifiedHeader,
});
export type Acquaintance = Infer<typeof acquaintanceSchema>;

export function decodeAcquaintance(bytes: Uint8Array): Result<Acquaintance> {
  return acquaintanceSchema.decode(bytes, bundleBytesMax);
}

/** What a bundle that was verified adds to what is known; E_CERTIFICATE where the two contradict each other. */
export function getAcquainted(bundle: Bundle, known: Acquaintance | undefined): Result<Acquaintance> {
  const { network, changes } = bundle;
  const { certified } = bundle.anchor;
  if (known === undefined) return ok({ version: VERSION, network, changes, newest: certified });
  if (!equalBytes(known.network, network))
    return refuse('E_NETWORK', { reason: 'what is known is of another network' });
  for (const [epoch, change] of changes.entries()) {
    const before = known.changes[epoch];
    if (before !== undefined && !equalBytes(headerId(before.header), headerId(change.header)))
      return refuse('E_CERTIFICATE', { reason: 'its committee changed otherwise, as is known here', epoch });
  }
  const { header } = certified;
  const ended = known.changes[header.epoch];
  if (ended !== undefined && header.height > ended.header.height)
    return refuse('E_CERTIFICATE', {
      ...{ reason: 'of a committee that is over', epoch: header.epoch, height: header.height },
      endedAt: ended.header.height,
    });
  const { newest } = known;
  if (newest.header.height === header.height && !equalBytes(headerId(newest.header), headerId(header)))
    return refuse('E_CERTIFICATE', {
      reason: 'another header is certified at that height',
      height: header.height,
    });
  return ok({
    ...{ version: VERSION, network },
    changes: changes.length > known.changes.length ? changes : known.changes,
    newest: newest.header.height >= header.height ? newest : certified,
  });
}
