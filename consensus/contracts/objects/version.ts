/** What every object of the contracts records of its present version (semantics §1, "Evidence"). */

import { hash32, int } from '../../codec/schema.ts';

/** V0 fields: the call that wrote this version, and the height of its checkpoint. The call leads to its signers. */
export const version = { call: hash32, height: int(0) } as const;

export function versionOf({ callId, height }: { readonly callId: Uint8Array; readonly height: number }): {
  readonly call: Uint8Array;
  readonly height: number;
} {
  return { call: callId, height };
}
