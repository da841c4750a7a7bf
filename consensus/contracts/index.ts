/** Every transition of the network. A new one is a new file and one line here. */

import type { Transition } from './transition.ts';

const declared: readonly Transition<never>[] = [];

/** By name. Arguments are checked against the transition's own schema before it sees them. */
export const transitions: ReadonlyMap<string, Transition<unknown>> = new Map(
  declared.map((entry) => [entry.name, entry as unknown as Transition<unknown>]),
);
