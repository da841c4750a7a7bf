/** What an id that a refusal names as standing in the way is: the object under it, or a vertex. */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import { objectPath, type StoredObject } from '../../consensus/contracts/object.ts';
import { objectTypes } from '../../consensus/contracts/views.ts';

export interface InTheWay {
  readonly type: string;
  readonly id: string;
}

/** Several objects may stand under one id; these say less than the other that is there. */
const lessTelling: readonly string[] = [
  'tenure',
  'encumbrance',
  'call',
  'chain',
  'evidence-use',
  'device',
  'key',
];
/** Where an author's chain or an earlier vertex of the same call is what it lost to. */
const ofVertices: readonly Code[] = ['E_REPLAY', 'E_FORK', 'E_KEY_SUSPENDED', 'E_OFFENCE_KNOWN'];

/** `undefined` where nothing stood in the way, or it is not in the state any more. */
export function inTheWay(
  code: Code,
  conflict: Uint8Array | undefined,
  state: { find(pathKey: string): StoredObject | undefined },
): InTheWay | undefined {
  // What is not found stands in nobody's way, though another type's object may have its id.
  if (conflict === undefined || conflict.every((byte) => byte === 0) || code === 'E_NOT_FOUND')
    return undefined;
  const id = toHex(conflict);
  if (ofVertices.includes(code)) return { type: 'vertex', id };
  const types = [...objectTypes.keys()].filter(
    (name) => state.find(toHex(objectPath(name, conflict))) !== undefined,
  );
  const type = types.find((name) => !lessTelling.includes(name)) ?? types[0];
  return type === undefined ? undefined : { type, id };
}
