/** `tally demo`: options, signals, exit codes. The demo itself is in node/demo/. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from '../config/toml.ts';
import { checkPlayable, type Fault, processNames, stepNames } from '../demo/cast.ts';
import { Demo } from '../demo/demo.ts';
import type { StoryPlan } from '../story/plan.ts';
import { readScenarioFile, scenarioNames } from '../story/scenario-file.ts';
import { ENROL } from '../story/story.ts';

/** Ten minutes of the sensors' time in one second of ours. */
const SPEED_DEFAULT = 600;
const INTERRUPTED = 130;

interface DemoFlags {
  readonly input?: string;
  readonly scenario?: string;
  readonly once?: boolean;
  readonly json?: boolean;
  readonly seed: string;
  readonly speed: number;
  readonly home?: string;
  readonly keep?: boolean;
  readonly fault: readonly Fault[];
}

/** `script`: the compiled command line, which the demo starts once for each stakeholder. */
export function registerDemo(program: Command, script: string): void {
  program
    .command('demo')
    .description('run a small network of real processes on this machine, and tell the story of one loan')
    .option(
      '--input <file>',
      'replay a recording: LoRaWAN uplinks (NDJSON) or SenML-JSON lines, plain or .gz',
    )
    .addOption(
      new Option(
        '--scenario <name>',
        `tell another story: a TOML file, or one of ${scenarioNames().join(', ')}`,
      ).conflicts(['input', 'seed', 'speed']),
    )
    .addOption(new Option('--once', 'exit when the story ends (the default)').conflicts('keep'))
    .option('--json', 'print one JSON summary and nothing else on stdout')
    .option('--seed <text>', 'seed of the simulated sensors', 'tally')
    .option('--speed <factor>', 'seconds of sensor time in one second', parseSpeed, SPEED_DEFAULT)
    .option('--home <dir>', 'where to write the network and the proofs (default: a new temporary folder)')
    .option('--keep', 'leave the network running, with its APIs up, until Ctrl-C')
    .option(
      '--fault <kill:name@step>',
      'kill -9 a process at a step of the story; may be given often',
      addFault,
      [],
    )
    .addHelpText(
      'after',
      `\nProcesses: ${processNames.join(', ')}\nSteps: ${stepNames.join(', ')}; of a scenario, ${ENROL} and those of its file`,
    )
    .action((flags: DemoFlags) => runDemo(flags, script));
}

async function runDemo(flags: DemoFlags, script: string): Promise<void> {
  const { input, json = false, seed, speed, home, keep = false, fault: faults } = flags;
  const scenario = flags.scenario === undefined ? undefined : await readStory(flags.scenario);
  checkFaults(faults, scenario);
  const demo = new Demo({ input, scenario, json, seed, speed, home, keep, faults }, script);
  let interrupted: (() => void) | undefined;
  const interruption = new Promise<void>((resolve) => (interrupted = resolve));
  const onSignal = () => {
    interrupted?.();
    void demo.close().then(() => process.exit(INTERRUPTED));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  try {
    const summary = await demo.run();
    process.exitCode = summary.ok ? 0 : 1;
    if (keep) await interruption;
  } catch (error) {
    process.stderr.write(`tally demo: ${(error as Error).message}\n`);
    process.exitCode = 1;
  } finally {
    await demo.close();
  }
  // Sockets of a client library may linger; nothing of ours is left to do.
  process.exit();
}

function parseSpeed(text: string): number {
  const speed = Number(text);
  if (!(speed > 0 && speed <= 3_600))
    throw new InvalidArgumentError('expected a number above 0 and at most 3600');
  return speed;
}

function addFault(text: string, before: readonly Fault[]): readonly Fault[] {
  const [, name, step] = /^kill:([a-z-]+)@([a-z0-9-]+)$/.exec(text) ?? [];
  const process = processNames.find((known) => known === name);
  if (process === undefined || step === undefined)
    throw new InvalidArgumentError(
      `expected kill:<name>@<step>, a name being one of ${processNames.join(', ')}`,
    );
  return [...before, { name: process, step }];
}

async function readStory(source: string): Promise<StoryPlan> {
  const { story } = await readScenarioFile(source);
  if (story === undefined) throw new ConfigError(`${source}: tells no story`);
  checkPlayable(story);
  return story;
}

/** Which steps there are is known once the scenario is. */
function checkFaults(faults: readonly Fault[], scenario: StoryPlan | undefined): void {
  const steps: readonly string[] =
    scenario === undefined ? stepNames : [ENROL, ...scenario.steps.map(({ name }) => name)];
  for (const { step } of faults)
    if (!steps.includes(step))
      throw new ConfigError(
        `--fault: expected kill:<name>@<step>, a step being one of ${steps.join(', ')}; got ${step}`,
      );
}
