/** The last K checkpoints below a snapshot, newest first, with their vertices `[SNP-3]`. */

import { checkCertificate } from '../../consensus/checkpoint/certificate.ts';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { outcomesRoot } from '../../consensus/checkpoint/outcome.ts';
import { committeeIn } from '../../consensus/checkpoint/succession.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { invariant, ok, type Result, refuse } from '../../consensus/codec/result.ts';
import type { ObjectReader } from '../../consensus/contracts/object.ts';
import type { StoredCheckpoint, StoreWrite } from '../ports.ts';
import type { Conversation } from './conversation.ts';
import { fetchVertices } from './vertex-fetch.ts';

/** Checkpoints asked for at a time. */
const STRIDE = 16;
/** Their vertices are held in memory until they are stored: so many, unless one checkpoint has more. */
const VERTICES_AT_ONCE = 4_096;

export interface WindowPorts {
  readonly conversation: Conversation;
  readonly network: Uint8Array;
  /** The snapshot's state: it knows every committee so far. */
  readonly state: ObjectReader;
}

/**
 * Gives the checkpoints from the one that is believed, by its id, down to the height `least`, as writes of
 * one batch after the other.
 */
export async function* fetchWindow(
  ports: WindowPorts,
  from: { readonly height: number; readonly id: Uint8Array },
  least: number,
): AsyncGenerator<StoreWrite[]> {
  let expected = from.id;
  for (let top = from.height; top >= least; top -= STRIDE) {
    const bottom = Math.max(least, top - STRIDE + 1);
    const heights = Array.from({ length: top - bottom + 1 }, (_, i) => top - i);
    const checkpoints = await Promise.all(heights.map((height) => fetchCheckpoint(ports, height)));
    for (const { header } of checkpoints) {
      invariant(
        equalBytes(headerId(header), expected),
        `two certified headers at height ${header.height}: more than f seats are Byzantine`,
      );
      expected = header.previous;
    }
    for (const portion of portionsOf(checkpoints)) yield await withVertices(ports, portion);
  }
}

function fetchCheckpoint({ conversation, network, state }: WindowPorts, height: number) {
  const check = (checkpoint: StoredCheckpoint): Result<StoredCheckpoint> => {
    const { header, certificate, outcomes } = checkpoint;
    const committee = committeeIn(state, header.committeeHash);
    if (committee === undefined) return refuse('E_CERTIFICATE', { reason: 'no such committee', height });
    const checked = checkCertificate(header, certificate, committee, network);
    if (!checked.ok) return checked;
    const isItsList =
      outcomes.length === header.outcomesCount && equalBytes(outcomesRoot(outcomes), header.outcomesRoot);
    return isItsList ? ok(checkpoint) : refuse('E_PROOF', { reason: 'not the certified outcomes', height });
  };
  return conversation
    .ask(
      () => ({ type: 'getCheckpoint', height }),
      (message) =>
        message.type === 'checkpoint' && message.header.height === height ? check(message) : undefined,
    )
    .then((found) => found!);
}

/** Runs of checkpoints whose vertices are fetched and stored together. */
function portionsOf(checkpoints: readonly StoredCheckpoint[]): StoredCheckpoint[][] {
  const portions: StoredCheckpoint[][] = [];
  let room = 0;
  for (const checkpoint of checkpoints) {
    const last = portions.at(-1);
    const taken = checkpoint.outcomes.length;
    if (last !== undefined && taken <= room) last.push(checkpoint);
    else {
      portions.push([checkpoint]);
      room = VERTICES_AT_ONCE;
    }
    room -= taken;
  }
  return portions;
}

async function withVertices(
  { conversation, network }: WindowPorts,
  checkpoints: readonly StoredCheckpoint[],
): Promise<StoreWrite[]> {
  const ids = checkpoints.flatMap(({ outcomes }) => outcomes.map(({ id }) => id));
  const found = await fetchVertices(conversation, network, ids);
  return checkpoints.map(({ header, certificate, outcomes }) => ({
    type: 'backfill',
    checkpoint: { header, certificate, outcomes },
    vertices: outcomes.map(({ id }) => found.get(toHex(id))!),
  }));
}
