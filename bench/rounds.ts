/**
 * Rounds of one operation: what each costs in CPU time of this process, in the middle and at the edges. On a machine that
 * others use as well, wall time would measure them. The figures are for ratios within a run.
 */

export interface Cost {
  /** CPU µs of one operation: median round, least, most. */
  readonly medianUs: number;
  readonly leastUs: number;
  readonly mostUs: number;
}

/** User and system time of this process so far, all threads, µs. */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Runs `operation` in `rounds` rounds of about `roundMs` of CPU time, after one that warms up and tells how many fit. */
export function measureCost(
  operation: () => unknown,
  { rounds, roundMs }: { readonly rounds: number; readonly roundMs: number },
): Cost {
  const time = (count: number): number => {
    const startUs = cpuUs();
    for (let i = 0; i < count; i++) operation();
    return cpuUs() - startUs;
  };
  let count = 1;
  for (let spentUs = time(1); spentUs < roundMs * 500; spentUs = time(count)) count *= 2;
  const costs = Array.from({ length: rounds }, () => time(count) / count).sort((a, b) => a - b);
  return { medianUs: costs[costs.length >> 1]!, leastUs: costs[0]!, mostUs: costs.at(-1)! };
}
