/** A SenML pack as it travels (RFC 8428): bytes and content type in, resolved records out, and the way back. */

import { type Result, refuse } from '../../consensus/codec/result.ts';
import { decodeCborPack, encodeCborPack } from './cbor.ts';
import { decodeJsonPack, encodeJsonPack } from './json.ts';
import type { PackRecord } from './labels.ts';
import { senmlLimits } from './limits.ts';
import { type ResolvedRecord, resolveRecords } from './resolve.ts';

export type SenmlFormat = 'json' | 'cbor';

/** Media types of RFC 8428 §12.3. */
export const contentTypes: { readonly [F in SenmlFormat]: string } = {
  json: 'application/senml+json',
  cbor: 'application/senml+cbor',
};

/**
 * Decodes and resolves foreign bytes. Without a content type (MQTT 3.1.1 carries none) the first byte tells:
 * a CBOR array cannot begin like JSON text.
 */
export function decodePack(
  payload: Uint8Array,
  contentType: string | undefined,
  nowMs: number,
): Result<readonly ResolvedRecord[]> {
  if (payload.length > senmlLimits.packBytesMax) {
    return refuse('E_LIMIT_BYTES', { bytes: payload.length, limit: senmlLimits.packBytesMax });
  }
  const format = formatOf(payload, contentType);
  if (format === undefined)
    return refuse('E_ENC', { reason: 'neither SenML JSON nor SenML CBOR', contentType: shown(contentType) });
  const pack = format === 'json' ? decodeJsonPack(payload) : decodeCborPack(payload);
  return pack.ok ? resolveRecords(pack.value, nowMs) : pack;
}

export function encodePack(records: readonly PackRecord[], format: SenmlFormat): Uint8Array {
  return format === 'json' ? encodeJsonPack(records) : encodeCborPack(records);
}

function formatOf(payload: Uint8Array, contentType: string | undefined): SenmlFormat | undefined {
  if (contentType === undefined || contentType === '') {
    const first = payload[0] ?? 0;
    if (first === 0x5b || first === 0x20 || first === 0x09 || first === 0x0a || first === 0x0d) return 'json';
    return first >> 5 === 4 ? 'cbor' : undefined;
  }
  const type = contentType.split(';')[0]!.trim().toLowerCase();
  if (type === contentTypes.json) return 'json';
  return type === contentTypes.cbor ? 'cbor' : undefined;
}

const shown = (contentType: string | undefined): string =>
  JSON.stringify(contentType?.slice(0, 80) ?? 'none');
