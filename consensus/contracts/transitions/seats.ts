/** Row 0, committees: q seats name the next committee, or bring the end of the epoch forward `[CKP-4]`. */

import { toHex } from '../../codec/bytes.ts';
import { limits } from '../../codec/limits.ts';
import { invariant } from '../../codec/result.ts';
import { int, key32, list } from '../../codec/schema.ts';
import { epochId, epochObject } from '../objects/epoch.ts';
import { checkSeatQuorum, seatDefect } from '../seats/fitness.ts';
import { seatsMin } from '../seats/rules.ts';
import { refused, transition } from '../transition.ts';

export const nameSeats = transition({
  name: 'name-seats',
  row: 0,
  summary: 'Names the committee of the next epoch. The parties of q present seats sign.',
  args: { v0: { seats: list(key32, limits.seatsMax, 1) } },
  signedBy: [{ who: 'the parties of q present seats', role: ['bank', 'monitor'], party: () => undefined }],
  preconditions: {
    E_POLICY: 'seats come by governance; there are enough',
    E_ROLE: 'the parties of q seats sign',
    E_SCHEMA: 'no seat is named twice',
    E_STATE: 'each key may take a seat',
  },
  effects: 'the next committee is named',
  visibility: 'V0',
  apply: ({ seats }, context) => {
    const { policy } = context.seatRules;
    if (policy !== 'governance') return refused('E_POLICY', { reason: `seats come by ${policy}` });
    if (new Set(seats.map(toHex)).size !== seats.length)
      return refused('E_SCHEMA', { field: 'seats', reason: 'repeated' });
    const least = seatsMin(context.seating.seats.length);
    if (seats.length < least) return refused('E_POLICY', { reason: 'too few seats', least });
    const refusal = checkSeatQuorum(context);
    if (refusal !== undefined) return refusal;
    for (const seat of seats) {
      const defect = seatDefect(context, seat);
      if (defect !== undefined) return refused('E_STATE', { key: toHex(seat), reason: defect }, seat);
    }
    const id = epochId(context.seating.epoch);
    const running = context.get(epochObject, id);
    invariant(running !== undefined, 'the state has the present epoch');
    context.put(epochObject, id, { ...running, named: seats });
    return undefined;
  },
});

export const endEpoch = transition({
  name: 'end-epoch',
  row: 0,
  summary: 'Brings the end of the epoch forward to a height. The parties of q present seats sign.',
  args: { v0: { height: int(1) } },
  signedBy: [{ who: 'the parties of q present seats', role: ['bank', 'monitor'], party: () => undefined }],
  preconditions: {
    E_ROLE: 'the parties of q seats sign',
    E_STALE: 'the height lies ahead',
    E_STATE: 'the epoch ends later than that',
  },
  effects: 'the epoch ends at that height',
  visibility: 'V0',
  apply: ({ height }, context) => {
    const refusal = checkSeatQuorum(context);
    if (refusal !== undefined) return refusal;
    const id = epochId(context.seating.epoch);
    const running = context.get(epochObject, id);
    invariant(running !== undefined, 'the state has the present epoch');
    if (height <= context.height)
      return refused('E_STALE', { height, decided: context.height, reason: 'that height is past' });
    if (height >= running.endsAt)
      return refused('E_STATE', { height, endsAt: running.endsAt, reason: 'it ends by then already' }, id);
    context.put(epochObject, id, { ...running, endsAt: height });
    return undefined;
  },
});
