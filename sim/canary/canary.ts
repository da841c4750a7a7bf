/**
 * `npm run canary`: plants one bug after the other and demands that the simulator sees it, and that without it the same
 * seeds pass. Ends with `N caught of N planted`; exit code 1 if any escapes, or if the unbroken program fails.
 */

import { availableParallelism } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Plant, type PlantResult, type Runnable, runSeed, tryPlant, withCopy } from './plant.ts';
import { plants } from './plants.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Does all jobs, a few at a time; answers in their order. */
async function inParallel<T, R>(jobs: readonly T[], most: number, one: (job: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < jobs.length) {
      const at = next++;
      results[at] = await one(jobs[at]!);
    }
  };
  await Promise.all(Array.from({ length: most }, worker));
  return results;
}

async function plantOne(plant: Plant, say: (line: string) => void): Promise<PlantResult> {
  const startedAt = performance.now();
  const result = await withCopy(root, plant, (copy) =>
    tryPlant(plant, (seed) => runSeed(copy, plant, seed)),
  ).catch((error: Error): PlantResult => ({ caught: false, why: error.message }));
  const tookS = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const verdict = result.caught
    ? `caught at seed ${result.seed} of ${plant.seedsMax}: ${result.failure.verdict}, ${result.failure.check}`
    : `ESCAPED: ${result.why}`;
  say(`${plant.name}: ${verdict} (${tookS} s)`);
  return result;
}

interface Control {
  readonly settings: Runnable;
  readonly seed: number;
}

/** Each pair of settings and seed up to the one that caught, once. */
function controlsOf(tried: readonly Plant[], results: readonly PlantResult[]): Control[] {
  const controls = new Map<string, Control>();
  for (const [i, settings] of tried.entries()) {
    const result = results[i]!;
    for (let seed = 1; result.caught && seed <= result.seed; seed++)
      controls.set(JSON.stringify([settings.options, settings.pace ?? {}, seed]), { settings, seed });
  }
  return [...controls.values()];
}

async function control({ settings, seed }: Control, say: (line: string) => void): Promise<boolean> {
  const attempt = await withCopy(root, undefined, (copy) => runSeed(copy, settings, seed));
  if (attempt.outcome === 'passed') return true;
  const why =
    attempt.outcome === 'failed' ? `${attempt.failure.check}: ${attempt.failure.what}` : attempt.why;
  say(`without a plant, seed ${seed} of ${settings.options.join(' ')} fails: ${why}`);
  return false;
}

/** True when every plant was caught, and everything passed without them. */
export async function runCanary(chosen: readonly Plant[], say: (line: string) => void): Promise<boolean> {
  const jobs = availableParallelism();
  const results = await inParallel(chosen, jobs, (plant) => plantOne(plant, say));
  const controls = controlsOf(chosen, results);
  const passed = (await inParallel(controls, jobs, (one) => control(one, say))).filter(Boolean).length;
  say(`control: ${passed} of ${controls.length} runs without a plant passed`);
  const caught = results.filter((result) => result.caught).length;
  say(`${caught} caught of ${chosen.length} planted`);
  return chosen.length > 0 && caught === chosen.length && passed === controls.length;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [flag, only = ''] = process.argv.slice(2);
  // `--only text`: plants whose name contains it.
  const chosen = flag === '--only' ? plants.filter(({ name }) => name.includes(only)) : plants;
  process.exitCode = (await runCanary(chosen, console.log)) ? 0 : 1;
}
