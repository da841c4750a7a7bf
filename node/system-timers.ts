/** The `Timers` port over the runtime's own. */

import type { Clock, Timers } from './ports.ts';

/** What `setTimeout` can count to; later times are waited for in steps. */
const STEP_MAX_MS = 2 ** 31 - 1;

export function systemTimers(clock: Clock): Timers {
  return {
    at: (atMs, call) => {
      let timer: NodeJS.Timeout;
      const wait = (): void => {
        const leftMs = atMs - clock.now();
        if (leftMs <= STEP_MAX_MS) timer = setTimeout(call, Math.max(0, leftMs));
        else timer = setTimeout(wait, STEP_MAX_MS);
      };
      wait();
      return () => clearTimeout(timer);
    },
  };
}
