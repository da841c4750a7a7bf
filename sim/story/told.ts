/** A story under way in a simulated world: it begins with the network, and whatever goes wrong fails the run. */

import { StoryError } from '../../node/story/host.ts';
import type { StoryPlan } from '../../node/story/plan.ts';
import type { StepReport, StoryResult } from '../../node/story/report.ts';
import { Story } from '../../node/story/story.ts';
import type { Checker } from '../checker/checker.ts';
import { broken } from '../checker/finding.ts';
import type { ToldStory } from '../run-result.ts';
import type { World } from '../world.ts';
import type { SimulatedHost } from './host.ts';

export class StoryTeller {
  readonly #plan: StoryPlan;
  readonly #checker: Checker;
  readonly #steps: StepReport[] = [];
  /** The step under way. */
  #step = '';
  #result: StoryResult | undefined;

  constructor(plan: StoryPlan, checker: Checker) {
    this.#plan = plan;
    this.#checker = checker;
  }

  get isDone(): boolean {
    return this.#result !== undefined;
  }

  get told(): ToldStory {
    return { title: this.#plan.title, steps: this.#steps, result: this.#result };
  }

  begin(world: World, host: SimulatedHost): void {
    const story = new Story(this.#plan, host, {
      before: (step) => {
        this.#step = step;
        world.trace.note('story', `begins ${step}`);
      },
      after: (report) => this.#steps.push(report),
    });
    story.tell().then(
      (result) => {
        this.#result = result;
        world.trace.note('story', 'ends');
      },
      (error: Error) => {
        const isOurs = !(error instanceof StoryError);
        const what = isOurs ? (error.stack ?? error.message) : error.message;
        this.#checker.note(broken(isOurs ? 'assertion' : 'story', what));
      },
    );
  }

  /** The time is over. */
  end(): void {
    if (!this.isDone)
      this.#checker.note({ verdict: 'no progress', check: 'story', what: `step ${this.#step} did not end` });
  }
}
