/** Membership in lists of ids. Lists are short (their schemas bound them), so they are searched from the front. */

import { equalBytes } from '../../codec/bytes.ts';

export function includesId(ids: readonly Uint8Array[], id: Uint8Array): boolean {
  return ids.some((entry) => equalBytes(entry, id));
}

export function hasRepeatedId(ids: readonly Uint8Array[]): boolean {
  return ids.some((entry, index) => includesId(ids.slice(0, index), entry));
}
