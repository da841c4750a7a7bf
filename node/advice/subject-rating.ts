/** Whom a rating is of, and the cap that a thing's present owner is to it (R131). */

import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { LedgerView } from './ledger-view.ts';
import { observeParty, observeThing } from './observations.ts';
import { defaultModel, type Rating, type RatingModel, rate } from './rating.ts';

export interface SubjectRating extends Rating {
  readonly subject: string;
  readonly kind: 'party' | 'thing';
  /** Of a thing: its present owner (hex) and the owner's score, which is the cap. */
  readonly owner: string | null;
  readonly cap: number | null;
  readonly height: number;
  /** Checkpoint time, ms. */
  readonly time: number;
  readonly model: RatingModel;
}

/** Rates the party or the device of that id; E_NOT_FOUND, or E_DEVICE_STATE for a device that is revoked. */
export function rateSubject(
  id: Uint8Array,
  view: LedgerView,
  model: RatingModel = defaultModel,
): Result<SubjectRating> {
  const { height, time } = view.now;
  const subject = toHex(id);
  if (view.isParty(id)) {
    const rating = rate(observeParty(id, view, model), model);
    return ok({ subject, kind: 'party', owner: null, cap: null, height, time, ...rating, model });
  }
  const known = view.device(id);
  if (known === undefined) return refuse('E_NOT_FOUND', { type: 'party or device', id: subject });
  if (known.state !== 'ACTIVE') return refuse('E_DEVICE_STATE', { state: known.state, id: subject });
  const cap = rate(observeParty(fromHex(known.owner)!, view, model), model).score;
  const rating = rate(observeThing(id, view, model), model, cap);
  return ok({ subject, kind: 'thing', owner: known.owner, cap, height, time, ...rating, model });
}
