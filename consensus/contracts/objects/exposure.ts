/** What an enterprise owes in one currency, to all banks: principal of loans and of what was drawn on limits `[POL-4]`. */

import { asciiBytes, concatBytes } from '../../codec/bytes.ts';
import { hash32, int, text } from '../../codec/schema.ts';
import { hash } from '../../crypto/hash.ts';
import { objectType } from '../object.ts';
import { version } from './version.ts';

export const exposure = objectType('exposure', {
  v0: { ...version },
  v2: { debtor: hash32, currency: text(3), owed: int(0) },
});

export function exposureId(debtor: Uint8Array, currency: string): Uint8Array {
  return hash('object-key', concatBytes(debtor, asciiBytes(currency)));
}
