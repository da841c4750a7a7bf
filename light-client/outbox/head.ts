/** The head record of an outbox: whose it is, where its chain and its queue stand. */

import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import { type Database, keyOf } from './database.ts';
import { decodeOwn, emptyHead, isKnownFormat, type OutboxHead, outboxHead } from './records.ts';

export interface OutboxOwner {
  readonly network: Uint8Array;
  /** The gateway's public key. */
  readonly author: Uint8Array;
}

/** The head as it is stored, or that of an empty outbox. Throws where the outbox is another's or of another format. */
export function readHead(database: Database, owner: OutboxOwner): OutboxHead {
  const { directory } = database;
  const stored = database.get(keyOf('head'));
  if (stored === undefined) return emptyHead(owner.network, owner.author);
  const head = decodeOwn(outboxHead, stored, 'the head record');
  if (!isKnownFormat(head))
    throw new Error(`${directory} is an outbox of format ${head.format}, which this version does not know`);
  if (!equalBytes(head.network, owner.network))
    throw new Error(`${directory} is the outbox of another network: ${toHex(head.network)}`);
  if (!equalBytes(head.author, owner.author)) {
    throw new Error(
      `${directory} is the outbox of key ${toHex(head.author)}: give this key a directory of its own`,
    );
  }
  return head;
}
