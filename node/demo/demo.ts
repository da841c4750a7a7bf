/**
 * `tally demo`: a small network of real processes on this machine does the main job on real readings. Each
 * stakeholder is a process of its own; this one only plays their back offices, over their nodes' APIs.
 */

import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { toHex } from '../../consensus/codec/bytes.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import { findMosquitto, startEmbeddedBroker, startMosquitto } from '../../light-client/mqtt/broker.ts';
import { verifyBundle } from '../../light-client/verify/verify.ts';
import type { StoryPlan } from '../story/plan.ts';
import { Story } from '../story/story.ts';
import { Actors } from './actors.ts';
import { ApiClient } from './api-client.ts';
import { type Fault, gatewayName, type ProcessName, players, processNames } from './cast.ts';
import { enrolEverybody } from './enrolment.ts';
import { type FeedOptions, type Recording, SensorFeed, surveyRecording } from './feed.ts';
import { Measurements } from './measurements.ts';
import { type NetworkFiles, writeNetwork } from './network-files.ts';
import { Processes } from './processes.ts';
import { describeApis, describeScenario, describeSummary } from './report.ts';
import { type Broker, DemoHost } from './scenario-host.ts';
import { Screen } from './screen.ts';
import { tellStory } from './story.ts';
import { type DemoSummary, equalNodes, type ScenarioSummary, summarise } from './summary.ts';
import { goods } from './terms.ts';
import { settleAll, watchPledge } from './watching.ts';

export interface DemoOptions {
  readonly input: string | undefined;
  /** Told instead of the story of one loan, with sensors of its own. */
  readonly scenario: StoryPlan | undefined;
  readonly json: boolean;
  readonly seed: string;
  readonly speed: number;
  readonly home: string | undefined;
  readonly keep: boolean;
  /** The story completes whatever is killed, as long as a quorum of seats lives or comes back. */
  readonly faults: readonly Fault[];
}

/** The network that a story is told on. */
interface RunningNetwork {
  readonly home: string;
  readonly files: NetworkFiles;
  readonly clients: { readonly [N in ProcessName]: ApiClient };
  readonly broker: Broker;
  readonly startedMs: number;
}

/** On a slow machine seven processes take their time. */
const READY_WITHIN_MS = 240_000;
const LOOK_EVERY_MS = 100;

export class Demo {
  readonly #options: DemoOptions;
  readonly #screen: Screen;
  readonly #processes: Processes;
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #bundles: string[] = [];
  #closing: Promise<void> | undefined;

  /** `script`: the compiled command line that the children run. */
  constructor(options: DemoOptions, script: string) {
    this.#options = options;
    this.#screen = new Screen(options.json);
    this.#processes = new Processes(script, (name, how) =>
      this.#screen.warn(`    ${name} died (${how}); it is started again`),
    );
  }

  /** Ends every process that this demo has started. Called twice, it waits for the first. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#screen.stopBar();
      for (const close of this.#closers.reverse())
        await close().catch((error: Error) => this.#screen.warn(String(error)));
    })();
    return this.#closing;
  }

  async run(): Promise<DemoSummary | ScenarioSummary> {
    const { json, keep, scenario } = this.#options;
    const startedMs = Date.now();
    const recording = await this.#survey();
    const home = await this.#makeHome();
    const broker = await this.#startBroker();
    const files = await writeNetwork(home, broker, scenario);
    this.#screen.say(`Network ${toHex(files.genesis.network).slice(0, 16)}… in ${home}`);
    this.#screen.say(`Starting ${players.length} nodes and a gateway, each a process of its own …`);
    this.#startProcesses(files);
    const clients = clientsOf(files);
    await this.#allReady(clients);
    this.#screen.say(
      `${players.length} nodes (${players.filter((player) => player.seat).length} with a seat) and a gateway are up after ${Date.now() - startedMs} ms\n`,
    );

    const network: RunningNetwork = { home, files, clients, broker, startedMs };
    const [summary, told] =
      scenario === undefined
        ? await this.#tellLoan(network, recording)
        : await this.#tellScenario(network, scenario);
    if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    for (const line of told) this.#screen.say(line);
    if (keep) for (const line of describeApis(home, files)) this.#screen.say(line);
    if (!keep && this.#options.home === undefined) this.#closers.unshift(() => removeDatabases(files));
    return summary;
  }

  async #tellLoan(
    { home, files, clients, broker, startedMs }: RunningNetwork,
    recording: Recording | undefined,
  ): Promise<readonly [DemoSummary, readonly string[]]> {
    const feed: FeedOptions = {
      ...broker,
      network: files.genesis.network,
      seed: this.#options.seed,
      speed: this.#options.speed,
    };
    const sensors = new SensorFeed(feed, Date.now());
    this.#closers.push(async () => void (await sensors.stop()));
    const actors = new Actors(clients);
    const gateway = clients[gatewayName];
    const device = (name: string) => sensors.devices.find((entry) => entry.device.endsWith(name))!.device;
    const result = await tellStory({
      parties: files.parties,
      unit: toHex(labelKey(files.genesis.network, goods.scheme, goods.label)),
      actors,
      measurements: new Measurements(gateway, {
        ...{ weigher: device('bay-weigher'), counter: device('bay-counter'), climate: device('bay-climate') },
        ...{
          kilograms: goods.grams / 1_000,
          packages: goods.packages,
          celsiusMost: goods.temperature.mostMilliC / 1_000,
        },
      }),
      before: (step) => this.#before(step),
      after: (report) => this.#screen.step(report),
      keepBundle: (name, bundle) => this.#keepBundle(home, files, name, bundle),
      enrol: async () => {
        const report = await enrolEverybody(files, actors, sensors, recording);
        sensors.start();
        return report;
      },
      failCooling: () => sensors.failCooling(),
      watch: () => watchPledge(gateway, recording, feed, this.#screen),
    });
    const published = await sensors.stop();
    await settleAll(gateway, published + (recording?.received ?? 0));
    const summary = await summarise({
      files,
      clients,
      result,
      recording,
      published,
      bundles: this.#bundles,
      faults: this.#faultsMet(),
      startedMs,
    });
    return [summary, describeSummary(summary, files, home)];
  }

  async #tellScenario(
    { home, files, clients, broker, startedMs }: RunningNetwork,
    plan: StoryPlan,
  ): Promise<readonly [ScenarioSummary, readonly string[]]> {
    const keep = (name: string, bundle: Uint8Array) =>
      this.#keepBundle(home, files, `${this.#bundles.length + 1}-${name}`, bundle);
    const story = new Story(plan, new DemoHost(files, clients, broker, keep), {
      before: (step) => this.#before(step),
      after: (report) => this.#screen.step(report),
    });
    const told = await story.tell();
    const [node] = await equalNodes(clients);
    const summary: ScenarioSummary = {
      ...{ ok: true, seconds: Math.round((Date.now() - startedMs) / 100) / 10 },
      ...{ scenario: plan.source, genesis: files.genesisFile, story: told },
      checkpoints: { height: node!.height, stateRoot: node!.stateRoot },
      faults: this.#faultsMet(),
      proofs: this.#bundles,
    };
    return [summary, describeScenario(summary, home)];
  }

  #faultsMet(): DemoSummary['faults'] {
    return this.#options.faults.map((fault) => ({
      ...fault,
      restarts: this.#processes.restarts(fault.name),
    }));
  }

  async #survey(): Promise<Recording | undefined> {
    const { input } = this.#options;
    return input === undefined ? undefined : surveyRecording(input, (message) => this.#screen.warn(message));
  }

  async #makeHome(): Promise<string> {
    const { home } = this.#options;
    if (home === undefined) return mkdtemp(join(tmpdir(), 'tally-demo-'));
    await mkdir(home, { recursive: true });
    return resolve(home);
  }

  async #startBroker(): Promise<{ url: string; protocolVersion: 4 | 5 }> {
    const mosquitto = findMosquitto() !== undefined;
    const broker = await (mosquitto ? startMosquitto() : startEmbeddedBroker());
    this.#closers.push(() => broker.close());
    this.#screen.say(
      `MQTT broker: ${mosquitto ? 'Mosquitto, MQTT 5' : 'embedded (aedes), MQTT 3.1.1'} at ${broker.url}`,
    );
    return { url: broker.url, protocolVersion: mosquitto ? 5 : 4 };
  }

  #startProcesses(files: NetworkFiles): void {
    this.#closers.push(() => this.#processes.stop());
    for (const name of processNames) {
      const { configFile, logFile } = files.homes[name];
      const command = name === gatewayName ? 'gateway' : 'node';
      this.#processes.start({
        name,
        args: [command, '--config', configFile],
        env: { TALLY_PASSPHRASE: files.passphrase },
        logFile,
      });
    }
  }

  async #allReady(clients: { readonly [N in ProcessName]: ApiClient }): Promise<void> {
    const until = Date.now() + READY_WITHIN_MS;
    for (const name of processNames) {
      // A gateway is ready once its key is enrolled, which is the story's first step.
      if (name === gatewayName) continue;
      while (!(await clients[name].isReady())) {
        if (Date.now() > until) throw new Error(`${name} was not ready within ${READY_WITHIN_MS / 1_000} s`);
        await sleep(LOOK_EVERY_MS);
      }
    }
  }

  #before(step: string): void {
    for (const fault of this.#options.faults) {
      if (fault.step !== step) continue;
      this.#screen.say(`    fault: ${fault.name} is killed now`);
      this.#processes.kill(fault.name);
    }
  }

  async #keepBundle(
    home: string,
    { genesis }: NetworkFiles,
    name: string,
    bundle: Uint8Array,
  ): Promise<void> {
    const verified = verifyBundle(bundle, genesis, { nowMs: Date.now() });
    if (verified.verdict !== 'valid')
      throw new Error(`bundle ${name} does not verify: ${verified.facts.find((fact) => !fact.ok)?.text}`);
    await mkdir(join(home, 'proofs'), { recursive: true });
    const file = join(home, 'proofs', `${name}.tally`);
    await writeFile(file, bundle);
    this.#bundles.push(file);
  }
}

function clientsOf(files: NetworkFiles): { readonly [N in ProcessName]: ApiClient } {
  const entries = processNames.map((name) => {
    const { apiUrl, tokenFile } = files.homes[name];
    return [name, new ApiClient(apiUrl, () => readFileSync(tokenFile, 'utf8').trim())] as const;
  });
  return Object.fromEntries(entries) as { [N in ProcessName]: ApiClient };
}

/** Proofs, genesis and logs stay; what only the processes needed goes. */
async function removeDatabases(files: NetworkFiles): Promise<void> {
  for (const name of processNames) {
    const { folder } = files.homes[name];
    for (const entry of ['data', 'key.age', 'api-token'])
      await rm(join(folder, entry), { recursive: true, force: true });
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
