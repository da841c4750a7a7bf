/** The actors under the names of the command line. A new one is a new file beside this, and a line here. */

import type { ActorKind } from './actor.ts';

export const actorKinds: readonly ActorKind[] = [];

export function actorKind(name: string): ActorKind | undefined {
  return actorKinds.find((kind) => kind.name === name);
}
