/** A fault of our own must not pass for a peer's: it leaves by the event loop and ends the process. */

export function throwAside(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
