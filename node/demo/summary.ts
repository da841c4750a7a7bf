/** What the demo reports at its end, in figures: the `--json` object. */

import { readFile } from 'node:fs/promises';
import type { StoryResult as ToldStory } from '../story/report.ts';
import type { ApiClient } from './api-client.ts';
import { type Fault, gatewayName, type ProcessName, players } from './cast.ts';
import type { Recording } from './feed.ts';
import type { NetworkFiles } from './network-files.ts';
import type { StoryResult } from './story.ts';

/** What the gateway says of itself at `/v1/status`, as far as it is used here. */
export interface GatewayStatus {
  readonly frames: { readonly accepted: number; readonly duplicates: number; readonly final: number };
  readonly readings: { readonly final: number };
  readonly vertices: { readonly final: number };
  readonly finality: { readonly p50Ms: number; readonly p95Ms: number };
  readonly bytes: { readonly sent: number; readonly received: number };
  readonly memory: { readonly rssBytes: number };
  readonly refused: { readonly [code: string]: number };
  readonly devices: {
    readonly [device: string]: {
      readonly accepted: number;
      readonly duplicates: number;
      readonly final: number;
    };
  };
}

export interface NodeStatus {
  readonly height: number;
  readonly stateRoot: string;
  readonly memory: { readonly rssBytes: number };
  readonly disk: { readonly bytes: number };
}

export interface DemoSummary {
  readonly ok: boolean;
  readonly seconds: number;
  readonly genesis: string;
  readonly network: string;
  readonly frames: {
    readonly received: number;
    readonly duplicates: number;
    readonly distinct: number;
    readonly finalised: number;
    readonly lost: number;
    /** Messages that the broker delivered again, as QoS 1 allows; dropped by their counters. */
    readonly redelivered: number;
  };
  readonly readings: { readonly finalised: number };
  readonly finality: { readonly p50Ms: number; readonly p95Ms: number };
  readonly doublePledge: StoryResult['doublePledge'];
  readonly checkpoints: {
    readonly height: number;
    readonly stateRoot: string;
    readonly equalOn: readonly string[];
  };
  readonly memory: { readonly fullNodeBytes: number; readonly gatewayBytes: number };
  readonly bytes: { readonly wirePerReading: number; readonly diskPerReading: number };
  readonly speed: { readonly verticesPerS: number; readonly readingsPerS: number };
  readonly refused: { readonly [code: string]: number };
  /** What was killed on purpose, and how often it was started again. */
  readonly faults: readonly (Fault & { readonly restarts: number })[];
  readonly proofs: readonly string[];
}

/** The same of a scenario's story. */
export interface ScenarioSummary {
  readonly ok: boolean;
  readonly seconds: number;
  readonly scenario: string;
  readonly genesis: string;
  readonly story: ToldStory;
  /** All nodes hold it. */
  readonly checkpoints: { readonly height: number; readonly stateRoot: string };
  readonly faults: DemoSummary['faults'];
  readonly proofs: readonly string[];
}

const EQUAL_WITHIN_MS = 240_000;

export async function summarise(facts: {
  readonly files: NetworkFiles;
  readonly clients: { readonly [N in ProcessName]: ApiClient };
  readonly result: StoryResult;
  readonly recording: Recording | undefined;
  /** Frames that the simulated sensors sent. */
  readonly published: number;
  readonly bundles: readonly string[];
  readonly faults: DemoSummary['faults'];
  readonly startedMs: number;
}): Promise<DemoSummary> {
  const { files, clients, result, recording, published, bundles, faults, startedMs } = facts;
  const gateway = await clients[gatewayName].get<GatewayStatus>('/v1/status');
  const nodes = await equalNodes(clients);
  const frames =
    recording === undefined ? countSimulated(gateway, published) : countRecorded(gateway, recording);
  const seconds = (Date.now() - startedMs) / 1_000;
  const readings = gateway.readings.final;
  const perReading = (bytes: number) => Math.round(bytes / Math.max(readings, 1));
  const { height, stateRoot } = nodes[0]!;
  return {
    ok: frames.lost === 0 && result.doublePledge.refused,
    seconds: Math.round(seconds * 10) / 10,
    genesis: files.genesisFile,
    network: JSON.parse(await readFile(files.genesisFile, 'utf8')).name,
    frames,
    readings: { finalised: readings },
    finality: gateway.finality,
    doublePledge: result.doublePledge,
    checkpoints: { height, stateRoot, equalOn: players.map((player) => player.name) },
    memory: {
      fullNodeBytes: median(nodes.map((node) => node.memory.rssBytes)),
      gatewayBytes: gateway.memory.rssBytes,
    },
    bytes: {
      wirePerReading: perReading(gateway.bytes.sent + gateway.bytes.received),
      diskPerReading: perReading(median(nodes.map((node) => node.disk.bytes))),
    },
    speed: {
      verticesPerS: Math.round(gateway.vertices.final / seconds),
      readingsPerS: Math.round(readings / seconds),
    },
    refused: gateway.refused,
    faults,
    proofs: bundles,
  };
}

/** Asks all nodes until they stand at one height, which a quiet network soon does, and compares their roots. */
export async function equalNodes(
  clients: {
    readonly [N in ProcessName]: ApiClient;
  },
): Promise<NodeStatus[]> {
  const until = Date.now() + EQUAL_WITHIN_MS;
  for (;;) {
    const nodes = await Promise.all(
      players.map((player) => clients[player.name].get<NodeStatus>('/v1/status')),
    );
    if (nodes.every((node) => node.height === nodes[0]!.height)) {
      if (nodes.every((node) => node.stateRoot === nodes[0]!.stateRoot)) return nodes;
      throw new Error(
        `state roots differ at height ${nodes[0]!.height}: ${nodes.map((node) => node.stateRoot).join(', ')}`,
      );
    }
    if (Date.now() > until)
      throw new Error(`nodes did not meet at one height: ${nodes.map((node) => node.height).join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The recording's frames. The broker may deliver a message twice, so the gateway drops the duplicates and maybe more. */
function countRecorded(
  gateway: GatewayStatus,
  { received, distinct, duplicates, devices }: Recording,
): DemoSummary['frames'] {
  const sum = (field: 'accepted' | 'duplicates' | 'final') =>
    devices.reduce((total, device) => total + (gateway.devices[device]?.[field] ?? 0), 0);
  const finalised = sum('final');
  const redelivered = sum('accepted') + sum('duplicates') - received;
  return { received, duplicates, distinct, finalised, lost: distinct - finalised, redelivered };
}

/** The simulated sensors' frames. Those under way when the sensors stop may arrive although nobody saw them arrive. */
function countSimulated(gateway: GatewayStatus, published: number): DemoSummary['frames'] {
  const { accepted, duplicates, final } = gateway.frames;
  const lost = accepted - final + Math.max(0, published - accepted);
  return {
    received: accepted + duplicates,
    duplicates,
    distinct: accepted,
    finalised: final,
    lost,
    redelivered: duplicates,
  };
}

function median(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b);
  return ascending[Math.floor(ascending.length / 2)] ?? 0;
}
