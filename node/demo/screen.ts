/** What the demo shows: a line for each step, a bar while readings stream. Silent for `--json`. */

import { SingleBar } from 'cli-progress';
import { describeStep, type StepReport } from '../story/report.ts';

export class Screen {
  readonly #silent: boolean;
  #step = 0;
  #bar: SingleBar | undefined;

  constructor(silent: boolean) {
    this.#silent = silent;
  }

  say(text: string): void {
    if (!this.#silent) process.stdout.write(`${text}\n`);
  }

  /** For trouble that does not end the demo; on stderr, so that `--json` stays pure. */
  warn(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  step(report: Omit<StepReport, 'step'>): void {
    this.#step += 1;
    for (const line of describeStep(report, this.#step)) this.say(line);
  }

  startBar(total: number): void {
    if (this.#silent) return;
    const format = '    {bar} {value}/{total} frames final · {speed} frames/s';
    this.#bar = new SingleBar({
      format,
      barsize: 30,
      stream: process.stdout,
      noTTYOutput: false,
      hideCursor: true,
    });
    this.#bar.start(total, 0, { speed: 0 });
  }

  bar(value: number, speed: number): void {
    this.#bar?.update(value, { speed: Math.round(speed) });
  }

  stopBar(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
