/**
 * `[CTR-25]` The thread of an object's history: its present version names the call that wrote it, and each call's
 * record names, for every object that it changed, the call that wrote the version before. So the whole history hangs
 * on the present state, and no hop of it can be left out. docs/spec/contracts.md.
 */

import { toHex } from '../codec/bytes.ts';
import { zero32 } from '../crypto/hash.ts';
import type { StoredObject } from './object.ts';
import type { ChangedObject } from './registry.ts';
import type { Change } from './state.ts';
import { objectTypes } from './views.ts';

/** A warning is raised and ends, and its pledge's history has both: as it may end by the hundred, it has no thread. */
const withoutThread: ReadonlySet<string> = new Set(['warning']);

/** Whether objects of this type have a history: their V0 names the call that wrote it. */
export function hasHistory(typeName: string): boolean {
  if (withoutThread.has(typeName)) return false;
  return objectTypes.get(typeName)?.classes[0].fieldNames.includes('call') ?? false;
}

/** The call that wrote this version; `undefined` for one of the genesis, or of a type without history. */
export function writingCall({ type, parts }: StoredObject): Uint8Array | undefined {
  return hasHistory(type) ? callNamed(type, parts[0]!.value) : undefined;
}

/** The same of an opened V0 part, whoever gave it. */
export function callNamed(typeName: string, v0: Uint8Array): Uint8Array | undefined {
  const decoded = objectTypes.get(typeName)?.classes[0].decode(v0);
  if (!decoded?.ok || !('call' in decoded.value)) return undefined;
  const call = decoded.value.call as Uint8Array;
  return toHex(call) === toHex(zero32) ? undefined : call;
}

/** What a call's changes, ascending by path, replace or remove; `before` gives the state that it ran on. */
export function changedObjects(
  changes: readonly Change[],
  before: (pathKey: string) => StoredObject | undefined,
): ChangedObject[] {
  return changes.flatMap(({ path }) => {
    const replaced = before(toHex(path));
    const call = replaced && writingCall(replaced);
    return call === undefined ? [] : [{ path, before: call }];
  });
}
