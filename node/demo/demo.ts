/**
 * `tally demo`: a small network of real processes on this machine does the main job on real readings. Each
 * stakeholder is a process of its own; this one only plays their back offices, over their nodes' APIs.
 */

import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compareBytes, fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { invariant } from '../../consensus/codec/result.ts';
import { labelKey } from '../../consensus/contracts/registry.ts';
import { signCall, signedCall } from '../../consensus/vertex/call.ts';
import { findMosquitto, startEmbeddedBroker, startMosquitto } from '../../light-client/mqtt/broker.ts';
import { verifyBundle } from '../../light-client/verify/verify.ts';
import { Actors } from './actors.ts';
import { ApiClient } from './api-client.ts';
import {
  gatewayName,
  type PlayerName,
  type ProcessName,
  players,
  processNames,
  type StepName,
} from './cast.ts';
import { type FeedOptions, publishRecording, type Recording, SensorFeed, surveyRecording } from './feed.ts';
import { Measurements } from './measurements.ts';
import { type NetworkFiles, writeNetwork } from './network-files.ts';
import { Processes } from './processes.ts';
import { Screen } from './screen.ts';
import { goods, type StepReport, tellStory } from './story.ts';
import { type DemoSummary, type GatewayStatus, summarise } from './summary.ts';

export interface DemoOptions {
  readonly input: string | undefined;
  readonly json: boolean;
  readonly seed: string;
  readonly speed: number;
  readonly home: string | undefined;
  readonly keep: boolean;
  readonly fault: { readonly name: ProcessName; readonly step: StepName } | undefined;
}

const READY_WITHIN_MS = 60_000;
const FINAL_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 100;
/** Frames that the simulated sensors send while the pledge is watched. */
const WATCHED_FRAMES = 400;

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

  async run(): Promise<DemoSummary> {
    const { json, keep } = this.#options;
    const startedMs = Date.now();
    const recording = await this.#survey();
    const home = await this.#makeHome();
    const broker = await this.#startBroker();
    const files = await writeNetwork(home, broker);
    this.#screen.say(`Network ${toHex(files.genesis.network).slice(0, 16)}… in ${home}`);
    this.#startProcesses(files);
    const clients = clientsOf(files);
    await this.#allReady(clients);
    this.#screen.say(
      `${players.length} nodes (${players.filter((player) => player.seat).length} with a seat) and a gateway are up after ${Date.now() - startedMs} ms\n`,
    );

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
      watch: () => this.#watch(gateway, recording, feed),
    });
    const published = await sensors.stop();
    await this.#settle(gateway, published + (recording?.received ?? 0));
    const summary = await summarise({
      files,
      clients,
      result,
      recording,
      published,
      bundles: this.#bundles,
      startedMs,
    });
    if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    else this.#print(summary, files, home);
    if (!keep && this.#options.home === undefined) this.#closers.unshift(() => removeDatabases(files));
    return summary;
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

  async #before(step: StepName): Promise<void> {
    const { fault } = this.#options;
    if (fault?.step !== step) return;
    this.#screen.say(`    fault: ${fault.name} is killed now`);
    this.#processes.kill(fault.name);
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

  /** Readings stream in; the step ends when all that were sent meanwhile are final. */
  async #watch(gateway: ApiClient, recording: Recording | undefined, feed: FeedOptions): Promise<StepReport> {
    const startedMs = Date.now();
    const before = (await statusOf(gateway)).frames.final;
    const expected = recording?.distinct ?? WATCHED_FRAMES;
    this.#screen.startBar(expected);
    const publishing =
      recording === undefined ? Promise.resolve(0) : publishRecording(recording, feed, () => {});
    const finalNow = async () => {
      const status = await statusOf(gateway);
      if (recording === undefined) return status.frames.final - before;
      return recording.devices.reduce((sum, device) => sum + (status.devices[device]?.final ?? 0), 0);
    };
    const until = Date.now() + FINAL_WITHIN_MS;
    let final = 0;
    while (final < expected) {
      final = await finalNow();
      this.#screen.bar(Math.min(final, expected), (1_000 * final) / (Date.now() - startedMs));
      if (Date.now() > until)
        throw new Error(
          `${expected - final} of ${expected} frames were not final within ${FINAL_WITHIN_MS / 1_000} s`,
        );
      await sleep(LOOK_EVERY_MS);
    }
    await publishing;
    this.#screen.stopBar();
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
  async #settle(gateway: ApiClient, sent: number): Promise<void> {
    const until = Date.now() + FINAL_WITHIN_MS;
    for (;;) {
      const { frames } = await statusOf(gateway);
      if (frames.accepted + frames.duplicates >= sent && frames.final >= frames.accepted) return;
      if (Date.now() > until)
        throw new Error(`not all readings became final: ${JSON.stringify(frames)}, sent ${sent}`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  #print(summary: DemoSummary, files: NetworkFiles, home: string): void {
    const { frames, readings, finality, memory, bytes, checkpoints, speed } = summary;
    const mib = (value: number) => `${(value / 2 ** 20).toFixed(0)} MiB`;
    const lines = [
      '',
      `All ${players.length} nodes hold checkpoint ${checkpoints.height} with state root ${checkpoints.stateRoot.slice(0, 16)}…`,
      `Frames: ${frames.received} received, ${frames.duplicates} duplicates, ${frames.distinct} distinct, ${frames.finalised} final, ${frames.lost} lost; ${readings.finalised} readings`,
      `Finality, reading in at the gateway to proof checked there: p50 ${finality.p50Ms} ms, p95 ${finality.p95Ms} ms`,
      `Memory: full node ${mib(memory.fullNodeBytes)}, gateway ${mib(memory.gatewayBytes)}; per reading ${bytes.wirePerReading} bytes on the gateway’s wire, ${bytes.diskPerReading} on a node’s disk`,
      `Speed: ${speed.verticesPerS} vertices/s, ${speed.readingsPerS} readings/s over the whole story (nothing here is pushed to its limit)`,
      '',
      `${summary.proofs.length} proof bundles in ${join(home, 'proofs')}; check any of them with`,
      `  npx tally verify ${summary.proofs[0]} --genesis ${files.genesisFile}`,
    ];
    for (const line of lines) this.#screen.say(line);
    if (!this.#options.keep) return;
    this.#screen.say('\nThe network stays up; Ctrl-C ends it. APIs (bearer token in the file):');
    for (const name of processNames)
      this.#screen.say(
        `  ${name.padEnd(12)} ${files.homes[name].apiUrl}/docs  ${files.homes[name].tokenFile}`,
      );
  }
}

function clientsOf(files: NetworkFiles): { readonly [N in ProcessName]: ApiClient } {
  const entries = processNames.map((name) => {
    const { apiUrl, tokenFile } = files.homes[name];
    return [name, new ApiClient(apiUrl, () => readFileSync(tokenFile, 'utf8').trim())] as const;
  });
  return Object.fromEntries(entries) as { [N in ProcessName]: ApiClient };
}

export async function statusOf(gateway: ApiClient): Promise<GatewayStatus> {
  return gateway.get<GatewayStatus>('/v1/status');
}

/** The gateway's key, the simulated sensors, and the recording's devices: owner and monitor sign for each. */
async function enrolEverybody(
  files: NetworkFiles,
  actors: Actors,
  sensors: SensorFeed,
  recording: Recording | undefined,
): Promise<StepReport> {
  const { parties, homes } = files;
  const { signer } = homes[gatewayName];
  const monitor = parties['monitor-a'];
  const gateway = await actors.succeed({
    transition: 'enrol-key',
    args: { party: monitor, key: toHex(signer.publicKey), kind: 'gateway', monitor, replaces: null },
    signers: ['monitor-a'],
    alsoSign: (call) => withSignature(call, homes),
  });
  // The warehouse owns what weighs and counts, the monitor what watches: evidence wants two owners.
  const simulated = sensors.devices.map(({ device, function: purpose, publicKey }) => {
    const owner: PlayerName = purpose === 'weigher' || purpose === 'counter' ? 'warehouse' : 'monitor-a';
    return { device, owner, key: toHex(publicKey), functions: [purpose] as string[] };
  });
  const recorded = (recording?.devices ?? []).map((device) => {
    return {
      device,
      owner: 'monitor-a' as PlayerName,
      key: '',
      functions: ['climate', 'motion', 'power', 'door', 'counter', 'leak'],
    };
  });
  const enrolled = await Promise.all(
    [...simulated, ...recorded].map(({ device, owner, key, functions }) =>
      actors.succeed({
        transition: 'enrol-device',
        args: { owner: parties[owner], monitor, key, replaces: false, identifier: device, functions },
        signers: owner === 'monitor-a' ? ['monitor-a'] : [owner, 'monitor-a'],
      }),
    ),
  );
  const height = Math.max(gateway.height, ...enrolled.map((done) => done.height));
  const ms = gateway.ms + Math.max(...enrolled.map((done) => done.ms));
  return {
    step: 'enrol',
    text: `gateway and ${enrolled.length} sensors enrolled`,
    signers: ['monitor-a', 'warehouse', gatewayName],
    height,
    ms,
  };
}

/** The gateway's own signature: proof that it holds the key which is being enrolled. */
function withSignature(callHex: string, homes: NetworkFiles['homes']): string {
  const call = signedCall.decode(fromHex(callHex)!);
  invariant(call.ok, 'the node composed this call');
  const signatures = [...call.value.signatures, signCall(call.value, homes[gatewayName].signer)];
  return toHex(
    signedCall.encode({ ...call.value, signatures: signatures.sort((a, b) => compareBytes(a.key, b.key)) }),
  );
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
