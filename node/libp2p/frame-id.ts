/** Every message of the light protocol begins with a number that pairs an answer with its request; 0 is unasked. */

import { DecodeError, Reader } from '../../consensus/codec/reader.ts';

const FIELDS_MAX = 16;

/** The number at the head of a frame, the rest unread; `undefined` when there is none. */
export function frameId(frame: Uint8Array): number | undefined {
  try {
    const reader = new Reader(frame);
    reader.array(FIELDS_MAX);
    const id = reader.int();
    return id >= 0 ? id : undefined;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
