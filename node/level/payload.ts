/** Whether a stored vertex holds its payload `[VTX-6]`: a record is replaced only by one that carries what it lacks. */

import { invariant } from '../../consensus/codec/result.ts';
import { vertexEnvelope } from '../../consensus/vertex/vertex.ts';

export function carriesPayload(envelope: Uint8Array): boolean {
  const decoded = vertexEnvelope.decode(envelope);
  invariant(decoded.ok, 'a vertex to be stored is not a canonical envelope');
  return decoded.value.payload.length > 0;
}
