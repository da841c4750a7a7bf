/** Replays recorded SenML: one JSON pack a line. */

import { describeRefusal } from '../../consensus/codec/result.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import { framesOf } from '../intake/frames.ts';
import { contentTypes, decodePack } from '../senml/pack.ts';
import { RecordingError, type ReplayOptions, ReplayTally, readLines } from './recording.ts';

/**
 * Frames of the recording, in its order. `nowMs` stands for the moment of arrival of packs without absolute times.
 * Malformed lines are counted in the tally and left out. Throws RecordingError when the file cannot be read.
 */
export async function* replaySenml(
  path: string,
  nowMs: number,
  options: ReplayOptions = {},
): AsyncGenerator<Frame> {
  const { tally = new ReplayTally(), onDefect = () => {} } = options;
  for await (const { line, text } of readLines(path)) {
    const records = decodePack(new TextEncoder().encode(text), contentTypes.json, nowMs);
    const frames = records.ok ? framesOf(records.value) : records;
    if (!frames.ok) {
      tally.malformed++;
      onDefect(new RecordingError(path, line, describeRefusal(frames)));
      continue;
    }
    for (const frame of frames.value) {
      tally.add(frame);
      yield frame;
    }
  }
}
