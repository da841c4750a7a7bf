/** Waiting for readings to become final, as the gateway counts them. Patient as long as there is progress. */

import type { ApiClient } from './api-client.ts';
import { gatewayName } from './cast.ts';
import { type FeedOptions, publishRecording, type Recording } from './feed.ts';
import type { Screen } from './screen.ts';
import type { GatewayStatus } from './summary.ts';
import type { StepReport } from './teller.ts';

const LOOK_EVERY_MS = 100;
/** Without any progress for so long something is wrong, on the slowest machine too. */
const STALLED_MS = 180_000;
/** Frames that the simulated sensors send while the pledge is watched. */
const WATCHED_FRAMES = 400;

/** Readings stream in; the step ends when all that were sent meanwhile are final. */
export async function watchPledge(
  gateway: ApiClient,
  recording: Recording | undefined,
  feed: FeedOptions,
  screen: Screen,
): Promise<StepReport> {
  const startedMs = Date.now();
  const before = (await statusOf(gateway)).frames.final;
  const expected = recording?.distinct ?? WATCHED_FRAMES;
  screen.startBar(expected);
  const publishing =
    recording === undefined ? Promise.resolve(0) : publishRecording(recording, feed, () => {});
  // Met below; until then its failure shows as frames that do not come.
  publishing.catch(() => {});
  let final = 0;
  await untilDone('frames of the watched pledge', async () => {
    const status = await statusOf(gateway);
    final =
      recording === undefined
        ? status.frames.final - before
        : recording.devices.reduce((sum, device) => sum + (status.devices[device]?.final ?? 0), 0);
    screen.bar(Math.min(final, expected), (1_000 * final) / (Date.now() - startedMs));
    return { isDone: final >= expected, progress: `${final} of ${expected} final` };
  });
  await publishing;
  screen.stopBar();
  const what =
    recording === undefined
      ? 'of the bay and the truck'
      : `of ${recording.file}, and those of the bay and the truck`;
  return {
    step: 'monitoring',
    text: `pledge watched: ${final} frames ${what} are final`,
    signers: [gatewayName],
    ms: Date.now() - startedMs,
  };
}

/** Waits until the gateway has taken in all `sent` frames and each that it accepted is final. */
export async function settleAll(gateway: ApiClient, sent: number): Promise<void> {
  await untilDone('the last frames', async () => {
    const { accepted, duplicates, final } = (await statusOf(gateway)).frames;
    return {
      isDone: accepted + duplicates >= sent && final >= accepted,
      progress: `${sent} sent, ${accepted} accepted, ${duplicates} duplicates, ${final} final`,
    };
  });
}

/** Looks again and again; throws when nothing has changed for long. */
async function untilDone(
  what: string,
  look: () => Promise<{ readonly isDone: boolean; readonly progress: string }>,
): Promise<void> {
  let last = '';
  let sinceMs = Date.now();
  for (;;) {
    const { isDone, progress } = await look();
    if (isDone) return;
    if (progress !== last) [last, sinceMs] = [progress, Date.now()];
    if (Date.now() - sinceMs > STALLED_MS)
      throw new Error(`${what}: no progress for ${STALLED_MS / 1_000} s (${progress})`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function statusOf(gateway: ApiClient): Promise<GatewayStatus> {
  return gateway.get<GatewayStatus>('/v1/status');
}
