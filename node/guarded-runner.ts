/**
 * A runner that knows when its replica broke: a step that throws is an invariant of ours that does not hold, and a
 * node that is wrong about itself must not go on, whoever caused the step.
 */

import type { Event, Reply } from './replica/events.ts';
import { Runner } from './runner.ts';

export class GuardedRunner extends Runner {
  /** Called once, with what the replica threw. */
  onFault: (error: unknown) => void = () => {};
  #broken = false;

  override dispatch(event: Event): Reply {
    if (this.#broken) return { type: 'none' };
    try {
      return super.dispatch(event);
    } catch (error) {
      this.#broken = true;
      this.onFault(error);
      return { type: 'none' };
    }
  }

  override async dispatchDurable(event: Event): Promise<Reply> {
    const reply = await super.dispatchDurable(event);
    if (this.#broken) throw new Error('the replica broke');
    return reply;
  }
}
