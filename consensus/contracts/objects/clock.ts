/** How long finality has stood still in all `[CTR-11]`, id = zero. Absent while it never has. */

import { int } from '../../codec/schema.ts';
import { objectType } from '../object.ts';

export const clock = objectType('clock', {
  v0: {
    /** Sum of the pauses, ms: what running time is behind checkpoint time. */
    pausedMs: int(0),
    /** Height of the checkpoint that ended the last pause. */
    height: int(0),
  },
});
