/** Which of the waiting frames become the next batch: the longest run from the front that a readings vertex can carry. */

import { limits } from '../../consensus/codec/limits.ts';
import { type Frame, frame } from '../../consensus/vertex/frame.ts';
import type { QueuedFrame } from './records.ts';

/** As many rows of its summary as a batch may have (vertex/batch.ts). */
const SERIES_MAX = 1024;
/** One row: a device, a quantity, a count and three decimals, none of them longer than this. */
const SERIES_BYTES_MAX = 64 + 2 + 1 + 9 + 3 * 12 + 8;
/** Salt, list heads, counts and times of the batch itself. */
const BATCH_BYTES = 128;

/** Never empty unless `waiting` is. `framesMax` is the operator's; the protocol's own limits hold besides. */
export function composeBatch(waiting: readonly QueuedFrame[], framesMax: number): readonly QueuedFrame[] {
  const most = Math.min(framesMax, limits.framesPerBatchMax, waiting.length);
  const seen = new Set<string>();
  const series = new Set<string>();
  let bytes = BATCH_BYTES;
  for (let count = 0; count < most; count++) {
    const next = waiting[count]!.frame;
    bytes += frame.encode(next).length;
    for (const { quantity } of next.readings) series.add(`${next.device}\n${quantity}`);
    const name = nameOf(next);
    const fits = bytes + series.size * SERIES_BYTES_MAX <= limits.batchBytesMax && series.size <= SERIES_MAX;
    // A batch that names a counter twice is invalid for ever, and the chain would end with it.
    if (count > 0 && (!fits || seen.has(name))) return waiting.slice(0, count);
    seen.add(name);
  }
  return waiting.slice(0, most);
}

const nameOf = ({ device, session, counter }: Frame): string => `${device}\n${session}\n${counter}`;
