/** What the demo shows: a line for each step, a bar while readings stream. Silent for `--json`. */

import { SingleBar } from 'cli-progress';
import type { StepReport } from './teller.ts';

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

  step({ text, signers, height, ms }: StepReport): void {
    this.#step += 1;
    const number = String(this.#step).padStart(2);
    const signed = signers.length === 0 ? '' : `signed by ${signers.join(', ')}`;
    const final = height === undefined ? '' : `checkpoint ${height}${ms === undefined ? '' : ` in ${ms} ms`}`;
    this.say(`${number}. ${text}`);
    const facts = [signed, final].filter((fact) => fact !== '').join(' · ');
    if (facts !== '') this.say(`    ${facts}`);
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
