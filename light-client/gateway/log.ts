/** One JSON object a line, as pino writes them, without pino's memory: a gateway says little. */

export type Level = 'silent' | 'error' | 'warn' | 'info' | 'debug';
export type Facts = { readonly [name: string]: string | number | boolean | undefined };
export type Log = (level: Exclude<Level, 'silent'>, message: string, facts?: Facts) => void;

const levels = { silent: 100, error: 50, warn: 40, info: 30, debug: 20 } as const;

export function makeLog(
  least: Level,
  name: string,
  write: (line: string) => void = (line) => void process.stderr.write(line),
): Log {
  return (level, message, facts = {}) => {
    if (levels[level] < levels[least]) return;
    write(`${JSON.stringify({ level: levels[level], time: Date.now(), name, ...facts, msg: message })}\n`);
  };
}
