/** Recordings of one JSON document a line, plain or gzipped: read line by line, counted, defects named. */

import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { UnsignedFrame } from '../../consensus/vertex/frame.ts';

const LINE_LENGTH_MAX = 1 << 20;

/** What is wrong with a recording, and where. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  readonly file: string;
  readonly line: number;

  constructor(file: string, line: number, reason: string, options?: ErrorOptions) {
    super(`${file}:${line}: ${reason}`, options);
    this.file = file;
    this.line = line;
  }
}

export interface ReplayOptions {
  /** Filled while the recording is read. */
  readonly tally?: ReplayTally;
  /** Called for each line that is left out because it is malformed. */
  readonly onDefect?: (error: RecordingError) => void;
}

/** Counts what a recording holds, before anything drops the duplicates. */
export class ReplayTally {
  received = 0;
  distinct = 0;
  /** Frames that a device sent and that say nothing: every measurement is missing. */
  silent = 0;
  malformed = 0;
  readonly #sessions = new Map<string, Set<number>>();

  add({ device, session, counter, readings }: UnsignedFrame): void {
    this.received++;
    const key = `${device}\n${session}`;
    const counters = this.#sessions.get(key) ?? new Set();
    this.#sessions.set(key, counters);
    if (counters.has(counter)) return;
    counters.add(counter);
    this.distinct++;
    if (readings.length === 0) this.silent++;
  }

  get duplicates(): number {
    return this.received - this.distinct;
  }

  /** Counters between the lowest and the highest of a session that never came. */
  get missing(): number {
    let missing = 0;
    for (const counters of this.#sessions.values()) {
      const ascending = [...counters].sort((a, b) => a - b);
      missing += ascending.at(-1)! - ascending[0]! + 1 - ascending.length;
    }
    return missing;
  }
}

/** Each line with its number, from 1, empty ones left out. Throws RecordingError when the file cannot be read. */
export async function* readLines(
  path: string,
): AsyncGenerator<{ readonly line: number; readonly text: string }> {
  let line = 1;
  let rest = '';
  try {
    for await (const chunk of openText(path)) {
      const texts = (rest + (chunk as string)).split('\n');
      rest = texts.pop()!;
      for (const text of texts) {
        if (text.trim() !== '') yield { line, text };
        line++;
      }
      if (rest.length > LINE_LENGTH_MAX)
        throw new RecordingError(path, line, `line longer than ${LINE_LENGTH_MAX} characters`);
    }
  } catch (cause) {
    if (cause instanceof RecordingError) throw cause;
    throw new RecordingError(path, line, `cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (rest.trim() !== '') yield { line, text: rest };
}

function openText(path: string): Readable {
  const file = createReadStream(path);
  if (!path.endsWith('.gz')) return file.setEncoding('utf8');
  // `pipeline` closes the file as well when the reader stops early; errors reach the reader through the stream.
  return pipeline(file, createGunzip(), () => {}).setEncoding('utf8');
}
