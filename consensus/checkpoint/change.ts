/**
 * Changes of committee as whoever only follows headers sees them `[LC-1]`: the certified header that ends an epoch, and
 * the record of the committee that it names. docs/spec/committee.md.
 */

import { equalBytes } from '../codec/bytes.ts';
import { ok, type Result, refuse } from '../codec/result.ts';
import { type Infer, record } from '../codec/schema.ts';
import { certificateSchema, checkCertificate } from './certificate.ts';
import { Committee, committeeSchema } from './committee.ts';
import { type Header, headerSchema } from './header.ts';

/** Changes that one proof may carry. */
export const changesMax = 512;

export const committeeChange = record('committee-change', {
  header: headerSchema,
  certificate: certificateSchema,
  committee: committeeSchema,
});
export type CommitteeChange = Infer<typeof committeeChange>;

/** The header that ends an epoch; in all others the two hashes are equal `[CKP-4]`. */
export function endsEpoch({ committeeHash, nextCommitteeHash }: Header): boolean {
  return !equalBytes(committeeHash, nextCommitteeHash);
}

/** The committee that succeeds `before`, if this change proves it. */
export function checkChange(
  { header, certificate, committee }: CommitteeChange,
  before: Committee,
  network: Uint8Array,
): Result<Committee> {
  const checked = checkCertificate(header, certificate, before, network);
  if (!checked.ok) return checked;
  const next = new Committee(committee);
  if (!endsEpoch(header) || !equalBytes(header.nextCommitteeHash, next.hash))
    return refuse('E_HEADER', { reason: 'does not name this committee', height: header.height });
  // What q seats certified was executed; a record that skips an epoch or a height was not.
  if (next.epoch !== before.epoch + 1 || next.record.firstHeight !== header.height + 1)
    return refuse('E_HEADER', { reason: 'does not follow', height: header.height, epoch: next.epoch });
  return ok(next);
}
