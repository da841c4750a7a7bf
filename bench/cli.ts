/**
 * `tally bench`: options and output. Exit 0, 1 for a wrong result or a regression, 2 for wrong options, 3 where the peer
 * to compare with is not on this machine.
 */

import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { formatTable } from '../sim/experiments/experiment.ts';
import type { Findings } from './output/findings.ts';
import { appendHistory, compareHistory, comparisonTable, readHistory } from './output/history.ts';
import { formatBenchFindings, writeBenchReport } from './output/report.ts';

/** As many as the comparison is about. */
const PEERS_VALIDATORS = 4;
const PEER_MISSING = 3;
const HISTORY_FILE = 'bench/history.ndjson';

interface CommonFlags {
  readonly json?: boolean;
  readonly report?: string;
  readonly record?: string | true;
  readonly dir?: string;
}

interface NodeFlags extends CommonFlags {
  readonly vertices: number;
  readonly authors: number;
  readonly rounds: number;
  readonly profile?: string;
}

interface ClusterFlags extends CommonFlags {
  readonly validators: number;
  readonly generators: number;
  readonly delayMs: number;
  readonly quick?: boolean;
  readonly profile?: string;
}

interface FloodFlags extends CommonFlags {
  readonly validators: number;
  readonly honest: number;
  readonly capacity: number;
  readonly seconds: number;
}

interface PeersFlags extends CommonFlags {
  readonly generators: number;
  readonly rounds: number;
  readonly quick?: boolean;
  readonly cometbft?: string;
}

interface GatewayFlags extends CommonFlags {
  readonly rates: readonly number[];
  readonly seconds: number;
}

interface LightFlags extends CommonFlags {
  readonly checkpoints: readonly number[];
  readonly rounds: number;
}

/** `script`: the compiled command line, which validators run. */
export function registerBench(program: Command, script: string): void {
  const bench = program.command('bench').description('measure this build on this machine');
  addCommon(bench.command('micro').description('operations that a node repeats for every vertex')).action(
    async (flags: CommonFlags) => {
      const { benchMicro } = await import('./micro/micro-bench.ts');
      await tell(await benchMicro({ directory: flags.dir }), flags);
    },
  );
  addCommon(bench.command('node').description('one node against the bare loop that it cannot beat'))
    .option('--vertices <n>', 'vertices of a round', whole(100, 1_000_000), 20_000)
    .option('--authors <n>', 'authors that take turns', whole(1, 1_000), 256)
    .option('--rounds <n>', 'rounds, one more comes under the profiler', whole(1, 100), 3)
    .option('--profile <file>', 'keep V8’s profile, for the developer tools of any browser')
    .action(async (flags: NodeFlags) => {
      const { vertices, authors, rounds, dir: directory, profile: profileFile } = flags;
      const { benchNode } = await import('./node/node-bench.ts');
      await tell(await benchNode({ vertices, authors, rounds, directory, profileFile }, say), flags);
    });
  addCommon(bench.command('cluster').description('validators as processes of their own, under load'))
    .option('--validators <n>', 'processes with a seat', whole(4, 15), 4)
    .option('--generators <n>', 'processes that make the load', whole(1, 15), 2)
    .option(
      '--delay-ms <ms>',
      'hold every byte between validators back so long, each way',
      whole(0, 10_000),
      0,
    )
    .option('--quick', 'fewer and shorter steps, under a minute')
    .option('--profile <file>', 'keep the first validator’s V8 profile, and print where its time went')
    .action(async (flags: ClusterFlags) => {
      const { validators, generators, delayMs, quick: isQuick = false, dir: directory, profile } = flags;
      const { benchCluster } = await import('./cluster/cluster-bench.ts');
      const options = { script, validators, generators, delayMs, isQuick, directory, profileFile: profile };
      await tell(await benchCluster(options, say), flags);
    });
  addCommon(bench.command('peers').description('the same job on CometBFT, in turns'))
    .option('--generators <n>', 'processes that make the load', whole(1, 4), 2)
    .option('--rounds <n>', 'turns of Tallystick, each followed by one of the peer', whole(1, 100), 3)
    .option('--quick', 'shorter steps')
    .option('--cometbft <file>', 'the peer’s binary (default: on PATH, or where `go install` puts it)')
    .action(async (flags: PeersFlags) => {
      const { generators, rounds, quick: isQuick = false, dir: directory, cometbft: binary } = flags;
      const { benchPeers } = await import('./peers/peers-bench.ts');
      const { PeerMissingError } = await import('./peers/binary.ts');
      const options = {
        script,
        validators: PEERS_VALIDATORS,
        generators,
        rounds,
        isQuick,
        directory,
        binary,
      };
      try {
        await tell(await benchPeers(options, say), flags);
      } catch (error) {
        if (!(error instanceof PeerMissingError)) throw error;
        say(error.message);
        process.exitCode = PEER_MISSING;
      }
    });
  addCommon(bench.command('flood').description('honest finality while one peer floods the validators'))
    .option('--validators <n>', 'processes with a seat', whole(4, 15), 4)
    .option('--honest <n>', 'honest vertices a second, over all gateways', whole(1, 10_000), 100)
    .option(
      '--capacity <n>',
      'vertices a second that these validators can finalise, as `tally bench cluster` says; ten times that is offered',
      whole(1, 100_000),
      1_000,
    )
    .option('--seconds <n>', 'length of each step', whole(2, 600), 15)
    .action(async (flags: FloodFlags) => {
      const { validators, honest: honestPerS, capacity: capacityPerS, seconds, dir: directory } = flags;
      const { benchFlood } = await import('./flood/flood-bench.ts');
      const stepMs = 1_000 * seconds;
      const options = { script, validators, honestPerS, capacityPerS, stepMs, directory };
      await tell(await benchFlood(options, say), flags);
    });
  addCommon(bench.command('sync').description('a new node joins a network with a history'))
    .option('--vertices <n>', 'vertices of the history', whole(100, 10_000_000), 50_000)
    .option('--per-checkpoint <n>', 'vertices of a checkpoint at most', whole(1, 20_000), 20)
    .action(async (flags: CommonFlags & { readonly vertices: number; readonly perCheckpoint: number }) => {
      const { vertices, perCheckpoint, dir: directory } = flags;
      const { benchSync } = await import('./sync/sync-bench.ts');
      await tell(await benchSync({ script, vertices, perCheckpoint, directory }, say), flags);
    });
  addCommon(bench.command('scale').description('one node as history and authors grow tenfold'))
    .option('--vertices <n>', 'the smaller history', whole(100, 1_000_000), 2_000)
    .option('--rounds <n>', 'rounds of each size', whole(1, 100), 3)
    .action(async (flags: CommonFlags & { readonly vertices: number; readonly rounds: number }) => {
      const { vertices, rounds, dir: directory } = flags;
      const { benchScale } = await import('./scale/scale-bench.ts');
      await tell(await benchScale({ vertices, rounds, directory }, say), flags);
    });
  addCommon(
    bench.command('soak').description('whether a node stays as large as it was, over millions of vertices'),
  )
    .option('--vertices <n>', 'vertices in all', whole(20_000, 100_000_000), 10_000_000)
    .action(async (flags: CommonFlags & { readonly vertices: number }) => {
      const { vertices, dir: directory } = flags;
      const { benchSoak } = await import('./soak/soak-bench.ts');
      await tell(await benchSoak({ vertices, directory }, say), flags);
    });
  addCommon(bench.command('light').description('what a light client pays for a long ledger'))
    .option('--checkpoints <n,…>', 'lengths of the ledger', wholes(2, 4_000_000), [1_000, 100_000, 1_000_000])
    .option('--rounds <n>', 'cold clients for each', whole(1, 100), 5)
    .action(async (flags: LightFlags) => {
      const { checkpoints, rounds, dir: directory } = flags;
      const { benchLight } = await import('./light/light-bench.ts');
      await tell(await benchLight({ checkpoints, rounds, directory }, say), flags);
    });
  addCommon(bench.command('gateway').description('memory, CPU and bytes of a gateway at rates of readings'))
    .option('--rates <n,…>', 'readings a second, in turn', wholes(1, 5_000), [10, 100, 1_000])
    .option('--seconds <n>', 'length of each step', whole(2, 3_600), 30)
    .action(async ({ rates, seconds, dir: directory, ...flags }: GatewayFlags) => {
      const { benchGateway } = await import('./gateway/gateway-bench.ts');
      const options = { script, rates, stepMs: 1_000 * seconds, directory };
      await tell(await benchGateway(options, say), flags);
    });
  bench
    .command('compare')
    .description('which ratios became worse since the record before')
    .option('--history <file>', 'records to compare', HISTORY_FILE)
    .option('--json', 'print one JSON object and nothing else on stdout')
    .action(async ({ history, json }: { readonly history: string; readonly json?: boolean }) => {
      const comparisons = compareHistory(await readHistory(history));
      const text = json ? JSON.stringify({ comparisons }) : formatTable(comparisonTable(comparisons));
      process.stdout.write(`${text}\n`);
      if (comparisons.some(({ isWorse }) => isWorse)) process.exitCode = 1;
    });
}

function addCommon(command: Command): Command {
  return command
    .option('--dir <folder>', 'where stores are made (default: the system’s temporary folder)', (folder) =>
      resolve(folder),
    )
    .option('--json', 'print one JSON object and nothing else on stdout')
    .option('--report <file>', 'write one HTML page with plots, which needs nothing else')
    .option('--record [file]', `append a line to the history (default: ${HISTORY_FILE})`);
}

async function tell(findings: Findings, { json, report, record }: CommonFlags): Promise<void> {
  const { tables: _, plots: __, figures, ...rest } = findings;
  const text = json ? JSON.stringify({ ...rest, ...figures }) : formatBenchFindings(findings);
  process.stdout.write(`${text}\n`);
  if (report !== undefined) await writeBenchReport(report, findings);
  if (findings.faults.length > 0) process.exitCode = 1;
  // A wrong result is no result, and no record `[BCH-1]`.
  else if (record !== undefined) await appendHistory(record === true ? HISTORY_FILE : record, findings);
}

/** Progress is for people, whatever stdout is for. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`);
    return value;
  };
}

function wholes(least: number, most: number): (text: string) => number[] {
  const one = whole(least, most);
  return (text) => text.split(',').map(one);
}
