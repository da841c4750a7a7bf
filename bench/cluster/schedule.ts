/** When load is sent: the clock from which finality runs, the same for every system that is measured. */

/** Requests under way: a few full ones keep a link busy, and what waits longer waits here, where it can be seen. */
export const REQUESTS_MAX = 8;
const TICK_MS = 5;

export interface Schedule {
  /** The record of this number, from 0, was to be sent at that time, ms since 1970. */
  due(number: number, dueMs: number): void;
  /** Sends what is due, as far as it may. */
  pump(): void;
  /** Something that was due waits, or is not answered. */
  isBusy(): boolean;
}

export function scheduledCount(perS: number, durationMs: number): number {
  return Math.round((perS * durationMs) / 1_000);
}

/** So many at this rate; resolves when all of it was answered. What is slow to be taken keeps the time for which it was due. */
export async function onSchedule(
  perS: number,
  total: number,
  { due, pump, isBusy }: Schedule,
): Promise<void> {
  const startMs = Date.now();
  let scheduled = 0;
  while (scheduled < total || isBusy()) {
    const dueCount = Math.min(total, Math.floor((perS * (Date.now() - startMs)) / 1_000));
    for (; scheduled < dueCount; scheduled++) due(scheduled, startMs + (1_000 * scheduled) / perS);
    pump();
    await pause(TICK_MS);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Looks again and again; throws when it takes longer. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  withinMs: number,
  what: string,
  everyMs = 50,
): Promise<void> {
  const lastMs = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > lastMs) throw new Error(`after ${withinMs / 1_000} s it is not so that ${what}`);
    await pause(everyMs);
  }
}
