/**
 * Keeps the demo's processes: starts each stakeholder, starts it again when it dies, and leaves none behind, whatever
 * happens to this one.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';

const RESTART_DELAY_MS = 500;
/** A process that dies this often will not live. */
const RESTARTS_MAX = 20;
const STOP_WITHIN_MS = 4_000;

export interface ProcessSpec {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly logFile: string;
  /** Options of Node itself. */
  readonly nodeArgs?: readonly string[];
}

interface Kept {
  readonly spec: ProcessSpec;
  child: ChildProcess;
  restarts: number;
  /** Not to be started again. */
  over: boolean;
}

export class Processes {
  readonly #script: string;
  readonly #kept = new Map<string, Kept>();
  readonly #onDeath: (name: string, how: string) => void;
  #stopping = false;

  /** `script`: the compiled command line, run with this process's own Node. */
  constructor(script: string, onDeath: (name: string, how: string) => void) {
    this.#script = script;
    this.#onDeath = onDeath;
    // Last resort when this process ends without `stop`: children in our own group die with a signal sent at once.
    process.on('exit', () => this.#signalAll('SIGKILL'));
  }

  start(spec: ProcessSpec): void {
    this.#kept.set(spec.name, { spec, child: this.#spawn(spec), restarts: 0, over: false });
  }

  /** Process id of a running process. */
  pid(name: string): number | undefined {
    return this.#kept.get(name)?.child.pid;
  }

  restarts(name: string): number {
    return this.#kept.get(name)?.restarts ?? 0;
  }

  /** Ends a process as a power failure would. It is started again as if by its operator. */
  kill(name: string): void {
    this.#kept.get(name)?.child.kill('SIGKILL');
  }

  /** Ends a process as a power failure would, for good. */
  end(name: string): void {
    const kept = this.#kept.get(name);
    if (kept === undefined) return;
    kept.over = true;
    kept.child.kill('SIGKILL');
  }

  /** Ends all: first by asking, then by force. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const ends = [...this.#kept.values()].map(({ child }) => ended(child));
    this.#signalAll('SIGTERM');
    const timer = setTimeout(() => this.#signalAll('SIGKILL'), STOP_WITHIN_MS);
    await Promise.all(ends);
    clearTimeout(timer);
  }

  #spawn(spec: ProcessSpec): ChildProcess {
    const log = createWriteStream(spec.logFile, { flags: 'a' });
    const child = spawn(process.execPath, [...(spec.nodeArgs ?? []), this.#script, ...spec.args], {
      env: { ...process.env, ...spec.env },
      // The channel carries nothing; its end tells a child that this process is gone.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    child.once('exit', (code, signal) => {
      log.end();
      this.#onExit(spec.name, signal ?? `exit code ${code}`);
    });
    return child;
  }

  #onExit(name: string, how: string): void {
    const kept = this.#kept.get(name);
    if (this.#stopping || kept === undefined || kept.over) return;
    this.#onDeath(name, how);
    kept.restarts += 1;
    if (kept.restarts > RESTARTS_MAX) return;
    setTimeout(() => {
      if (!this.#stopping) kept.child = this.#spawn(kept.spec);
    }, RESTART_DELAY_MS);
  }

  #signalAll(signal: NodeJS.Signals): void {
    for (const { child } of this.#kept.values())
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
