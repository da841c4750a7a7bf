/** How the story is told: a step is acted, awaited and reported; what proves it is kept as a bundle. */

import type { Act, Actors, Done } from './actors.ts';
import type { PlayerName, StepName } from './cast.ts';
import type { Measurements } from './measurements.ts';

export interface StepReport {
  readonly step: StepName;
  readonly text: string;
  readonly signers: readonly string[];
  readonly height?: number;
  readonly ms?: number;
}

export interface StoryHooks {
  /** Ids of the players' parties and of the goods, hex. */
  readonly parties: { readonly [N in PlayerName]: string };
  readonly unit: string;
  readonly actors: Actors;
  readonly measurements: Measurements;
  /** Before a step begins: the place for a fault. */
  before(step: StepName): void;
  after(report: StepReport): void;
  /** Keeps a proof bundle under a name; verified before it is kept. */
  keepBundle(name: string, bundle: Uint8Array): Promise<void>;
  /** Enrols the gateway and the sensors. */
  enrol(): Promise<StepReport>;
  /** From now on the goods grow warm. */
  failCooling(): Promise<void>;
  /** Streams readings while the pledge is watched. */
  watch(): Promise<StepReport>;
}

export class Teller {
  readonly hooks: StoryHooks;

  constructor(hooks: StoryHooks) {
    this.hooks = hooks;
  }

  /** One act that must take effect. `begun`: the step began before, with something else. */
  async step(name: StepName, text: string, act: Act, begun = false): Promise<Done> {
    if (!begun) this.hooks.before(name);
    const done = await this.hooks.actors.succeed(act);
    this.hooks.after({ step: name, text, signers: act.signers, height: done.height, ms: done.ms });
    return done;
  }

  /** The same act for each bank, at the same time, told as one step. */
  async each<B extends PlayerName>(
    banks: readonly B[],
    name: StepName,
    text: string,
    act: (bank: B) => Act,
  ): Promise<{ readonly [N in B]: Done }> {
    this.hooks.before(name);
    const acts = banks.map(act);
    const done = await Promise.all(acts.map((entry) => this.hooks.actors.succeed(entry)));
    this.hooks.after({
      step: name,
      text,
      signers: [...new Set(acts.flatMap((entry) => entry.signers))],
      height: Math.max(...done.map((entry) => entry.height)),
      ms: Math.max(...done.map((entry) => entry.ms)),
    });
    return Object.fromEntries(banks.map((bank, i) => [bank, done[i]!])) as { [N in B]: Done };
  }

  /** Keeps the bundle that `holder`'s node serves at `path`. */
  async bundle(name: string, holder: PlayerName, path: string): Promise<void> {
    await this.hooks.keepBundle(name, await this.hooks.actors.client(holder).bytes(path));
  }
}
