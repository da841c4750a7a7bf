/** A dispute about part of a file (row 29), id = the call that raised it; and the flag, which lasts while one is open. */

import { choice, hash32, int, list, maybe, text, timeMs } from '../../codec/schema.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const disputable = ['pledge', 'loan', 'unit', 'receipt', 'bill'] as const;

export const dispute = objectType('dispute', {
  v0: { state: choice('OPEN', 'UPHELD', 'DISMISSED'), subject: hash32, ...version },
  v1: {
    type: choice(...disputable),
    by: hash32,
    /** Grams or minor units in dispute; absent where it is about the whole. */
    quantity: maybe(int(1)),
    ground: text(160, 1),
    /** Until when a decision is asked for, running time. */
    deadline: timeMs,
    resolver: maybe(hash32),
    decision: text(160),
  },
});

export const disputesMax = 8;

/** id = the subject's. */
export const disputed = objectType('disputed', {
  v0: { disputes: list(hash32, disputesMax, 1), ...version },
});
