/** How our code and libp2p's get along when something ends badly. */

import type { Connection } from '@libp2p/interface';

/** A fault of our own must not pass for a peer's: it leaves by the event loop and ends the process. */
export function throwAside(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

/** Ends a connection at once. libp2p throws when the other side was quicker. */
export function abortConnection(connection: Connection, reason: Error): void {
  try {
    connection.abort(reason);
  } catch {
    // It is closed, which is all that was asked for.
  }
}

/**
 * A dial reached somebody who could not show the key that was expected there. libp2p wraps what Noise threw and keeps only
 * its words: node/test/network-altered.test.ts fails when they change.
 */
export function isWrongKey(error: unknown): boolean {
  return error instanceof Error && /does not match expected remote identity key/.test(error.message);
}
