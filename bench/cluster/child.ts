/** The bench's side of one process of its own that obeys orders: starts it, and has it do one thing. */

import { type ChildProcess, fork } from 'node:child_process';
import type { Answer } from './load-orders.ts';

/** Starts `script`, which calls `obey`; what it writes is seen. */
export function startChild(script: string): ChildProcess {
  return fork(script, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

/** Resolves to what the order came to; rejects, with the child's `name`, when it cannot be carried out. */
export function tell(child: ChildProcess, name: string, order: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`${name} ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (answer: Answer) => {
      child.off('exit', onExit);
      if (answer.type === 'done') resolve(answer.result);
      else reject(new Error(`${name} failed: ${answer.message}`));
    });
    child.send(order);
  });
}
