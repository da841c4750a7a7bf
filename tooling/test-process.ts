/** One test file in one process group, so that a hang ends together with everything the test started. */

import { spawn } from 'node:child_process';

export interface FileRun {
  output: string;
  /** Exit code, or the name of the signal that ended it. */
  code: number | string | null;
  timedOut: boolean;
  /** It told its summary and then did not end: something that a test opened is still open. */
  lingered: boolean;
  seconds: number;
}

/** The last line of uvu's summary. */
const SUMMARY_END = /^ {2}Duration: /m;

const running = new Set<number>();

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}

export function killRunning(): void {
  for (const pid of running) killGroup(pid);
}

/**
 * Runs one compiled test; never rejects. It may take `timeoutMs`, and no longer than `lingerMs` from its last word when
 * that is a summary. What the test leaves running is killed when it exits.
 */
export function runFile(
  compiled: string,
  cwd: string,
  timeoutMs: number,
  lingerMs: number,
): Promise<FileRun> {
  return new Promise((done) => {
    const startedMs = performance.now();
    const child = spawn(process.execPath, ['--enable-source-maps', compiled], {
      cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: '0' },
    });
    const { pid } = child;
    const run: FileRun = { output: '', code: null, timedOut: false, lingered: false, seconds: 0 };
    const kill = (): void => {
      if (pid !== undefined) killGroup(pid);
    };
    const giveUp = (): void => {
      run.timedOut = true;
      kill();
      // A grandchild in another group may still hold the pipes open.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const timer = setTimeout(giveUp, timeoutMs);
    let lingering: NodeJS.Timeout | undefined;
    if (pid !== undefined) running.add(pid);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        run.output += text;
        if (!SUMMARY_END.test(run.output)) return;
        clearTimeout(lingering);
        lingering = setTimeout(() => {
          run.lingered = true;
          giveUp();
        }, lingerMs);
      });
    }
    child.on('error', (error) => {
      run.output += `could not start: ${error.message}\n`;
    });
    child.on('exit', kill);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(lingering);
      if (pid !== undefined) running.delete(pid);
      done({ ...run, code: code ?? signal, seconds: (performance.now() - startedMs) / 1000 });
    });
  });
}
