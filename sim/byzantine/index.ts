/** Every kind of dishonest stakeholder, by its name on the command line. docs/spec/byzantine.md. */

import type { ActorKind } from './actor.ts';

const kinds: readonly ActorKind[] = [];

export const actorKinds: ReadonlyMap<string, ActorKind> = new Map(kinds.map((kind) => [kind.name, kind]));
