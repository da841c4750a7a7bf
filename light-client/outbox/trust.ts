/**
 * What a gateway must not forget of the ledger: the newest header it verified, the changes of committee that led to the
 * one it trusts, and evidence against the seats.
 */

import { type CommitteeChange, committeeChange } from '../../consensus/checkpoint/change.ts';
import { headerId } from '../../consensus/checkpoint/header.ts';
import { type CertifiedHeader, certifiedHeader } from '../proof/anchor.ts';
import { type Database, keyOf, type Operation, put } from './database.ts';
import { decodeOwn, type HeaderConflict, headerConflict } from './records.ts';

/** The header that was kept last: no later life goes behind it. */
export function readNewest(database: Database): CertifiedHeader | undefined {
  const value = database.get(keyOf('newest'));
  return value && decodeOwn(certifiedHeader, value, 'the newest header');
}

export function storeNewest(newest: CertifiedHeader): Operation {
  return put(keyOf('newest'), certifiedHeader.encode(newest));
}

/** Keeps a change of committee that was verified. */
export function keepChange(database: Database, change: CommitteeChange): Promise<void> {
  return database.write([put(keyOf('change', change.committee.epoch), committeeChange.encode(change))], true);
}

/** The changes that were kept, in their order. Those after a gap lead nowhere from here, and are asked for again. */
export async function readChanges(database: Database): Promise<CommitteeChange[]> {
  const found: CommitteeChange[] = [];
  for await (const [, value] of database.entries('change')) {
    const change = decodeOwn(committeeChange, value, 'a change of committee');
    if (change.committee.epoch === found.length + 1) found.push(change);
  }
  return found;
}

/** Keeps both headers of a conflict `[LC-2]`. */
export function keepEvidence(database: Database, conflict: HeaderConflict): Promise<void> {
  const { known, other } = conflict;
  const name = new Uint8Array([...headerId(known.header), ...headerId(other.header)]);
  return database.write([put(keyOf('evidence', name), headerConflict.encode(conflict))], true);
}

export async function readEvidence(database: Database): Promise<HeaderConflict[]> {
  const found: HeaderConflict[] = [];
  for await (const [, value] of database.entries('evidence'))
    found.push(decodeOwn(headerConflict, value, 'a header conflict'));
  return found;
}
