/** Keeps one link up: tries, waits until it falls, tries again with growing pauses, and never gives up. */

export interface RedialTiming {
  readonly redialMinMs: number;
  readonly redialMaxMs: number;
  /** Waited before the first try after each fall, to leave the other side the first move. */
  readonly graceMs: number;
}

/**
 * `connect` resolves when the link is up, to a promise of its fall; or rejects. Ends when `signal` is aborted.
 * The pause after a failure doubles from the least to the greatest, less up to half of it by chance, so that many who
 * lost the same peer do not come back in one instant.
 */
export async function keepUp(
  connect: () => Promise<{ readonly fallen: Promise<void> }>,
  timing: RedialTiming,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const backoffMs =
      failures === 0 ? 0 : Math.min(timing.redialMaxMs, timing.redialMinMs * 2 ** (failures - 1));
    await sleep(timing.graceMs + backoffMs * (1 - Math.random() / 2), signal);
    if (signal.aborted) return;
    try {
      const startedMs = performance.now();
      const { fallen } = await connect();
      await fallen;
      // A link that fell at once is no better than one that never came up.
      failures = performance.now() - startedMs < timing.redialMaxMs ? failures + 1 : 1;
    } catch {
      failures += 1;
    }
  }
}

export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted || ms <= 0) return done();
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      done();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish);
  });
}
