/** What must be loud: said once in the log, shown in the status and the metrics until it is over. */

import type { Code } from '../../consensus/codec/codes.ts';
import type { Clock } from '../../node/ports.ts';
import type { Log } from './log.ts';

export interface Alarm {
  readonly code: Code;
  readonly reason: string;
  readonly sinceMs: number;
}

/** What an alarm is about: there is one of each at most. */
export type AlarmSubject = 'ledger' | 'chain' | 'vertex' | 'outbox' | 'node';

export class Alarms {
  readonly #raised = new Map<AlarmSubject, Alarm>();
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  get raised(): ReadonlyMap<AlarmSubject, Alarm> {
    return this.#raised;
  }

  raise(subject: AlarmSubject, code: Code, reason: string): void {
    const before = this.#raised.get(subject);
    if (before?.code === code && before.reason === reason) return;
    this.#raised.set(subject, { code, reason, sinceMs: this.#clock.now() });
    this.#log('error', `alarm: ${reason}`, { subject, code });
  }

  clear(subject: AlarmSubject): void {
    if (this.#raised.delete(subject)) this.#log('info', 'alarm is over', { subject });
  }
}
