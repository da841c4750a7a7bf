/** `bounds`: queues stay within their limits. */

import { OPEN_VERTICES_MAX } from '../../node/replica/intake.ts';
import { PARKED_MAX } from '../../node/replica/parking.ts';
import { QUEUE_BYTES_MAX } from '../network/wires.ts';
import { broken, type Finding } from './finding.ts';

/** Of one node: open and parked vertices. */
export function checkNodeBounds(
  name: string,
  { open, parked }: { readonly open: number; readonly parked: number },
): Finding | undefined {
  if (open > OPEN_VERTICES_MAX) return broken('bounds', `${name}: ${open} open`);
  return parked > PARKED_MAX ? broken('bounds', `${name}: ${parked} parked`) : undefined;
}

/** `queuedBytes`: the most that waited for one link. */
export function checkQueues(queuedBytes: number): Finding | undefined {
  return queuedBytes > QUEUE_BYTES_MAX
    ? broken('bounds', `${queuedBytes} bytes wait for one link`)
    : undefined;
}
