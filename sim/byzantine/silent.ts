/**
 * Silent: hears everything and says nothing, so that others wait for it. Stopped by: q of n seats suffice, and a silent
 * leader is passed over after its view's timeout `[BFT-5]` `[BFT-7]`.
 */

import type { Actor, ActorKind } from './actor.ts';

class Silent implements Actor {
  readonly acts = { messages: 0, vertices: 0 };

  onSend(): readonly [] {
    this.acts.messages += 1;
    return [];
  }

  onGossip(envelopes: readonly Uint8Array[]): readonly [] {
    this.acts.vertices += envelopes.length;
    return [];
  }
}

export const silent: ActorKind = {
  name: 'silent',
  summary: 'hears everything, says nothing',
  needs: 'seat',
  create: () => new Silent(),
};
