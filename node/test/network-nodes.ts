/** Nodes on loopback for tests of the network: each writes down what it was told. */

import { toHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { nativeSigner } from '../crypto/native.ts';
import type { PeerAddress } from '../libp2p/identity.ts';
import { type Libp2pNetwork, type NetworkOptions, startNetwork } from '../libp2p/network.ts';
import type { NetworkHandlers, PeerKey, Verdict } from '../ports.ts';

export const NETWORK = toHex(hash('network', uint32Bytes(1)));

/** Key number `number`, the same in every run. */
export const secretOf = (number: number): Uint8Array => hash('salt', uint32Bytes(number));

const keys = new Map<number, PeerKey>();
export function keyOf(number: number): PeerKey {
  const key = keys.get(number) ?? toHex(nativeSigner(secretOf(number)).publicKey);
  keys.set(number, key);
  return key;
}

/** Key numbers in ascending order of their keys: the first one dials all others. */
export function ascendingKeys(numbers: readonly number[]): number[] {
  return numbers.slice().sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

export interface TestNode {
  readonly network: Libp2pNetwork;
  readonly key: PeerKey;
  readonly address: PeerAddress;
  readonly connects: PeerKey[];
  readonly disconnects: PeerKey[];
  readonly messages: { readonly peer: PeerKey; readonly frame: Uint8Array }[];
  readonly gossip: { readonly peer: PeerKey; readonly data: Uint8Array }[];
  readonly refused: { readonly peer: PeerKey; readonly code: string }[];
  readonly faults: unknown[];
}

export interface TestNodeOptions {
  readonly listen?: string;
  readonly peers?: readonly PeerAddress[];
  readonly handlers?: Partial<NetworkHandlers>;
  readonly verdict?: (data: Uint8Array) => Verdict;
  readonly limits?: NetworkOptions['limits'];
}

export async function startNode(number: number, options: TestNodeOptions = {}): Promise<TestNode> {
  const told = {
    connects: [] as PeerKey[],
    disconnects: [] as PeerKey[],
    messages: [] as TestNode['messages'],
    gossip: [] as TestNode['gossip'],
    refused: [] as TestNode['refused'],
    faults: [] as unknown[],
  };
  const network = await startNetwork({
    secret: secretOf(number),
    network: NETWORK,
    listen: [options.listen ?? '/ip4/127.0.0.1/tcp/0'],
    peers: options.peers ?? [],
    handlers: {
      admits: () => true,
      onConnect: (peer) => told.connects.push(peer),
      onDisconnect: (peer) => told.disconnects.push(peer),
      onMessage: (peer, frame) => told.messages.push({ peer, frame }),
      onGossip: (peer, data) => {
        told.gossip.push({ peer, data });
        return options.verdict?.(data) ?? 'accept';
      },
      onRequest: async (_, frame) => frame,
      onRefused: (peer, code) => told.refused.push({ peer, code }),
      ...options.handlers,
    },
    limits: options.limits ?? {},
    onFault: (error) => told.faults.push(error),
  });
  return {
    ...told,
    network,
    key: network.key,
    address: { key: network.key, multiaddr: network.address[0]! },
  };
}

/** Resolves once `condition` holds; rejects with what was awaited after `timeoutMs`. */
export async function until(what: string, condition: () => boolean, timeoutMs = 60_000): Promise<number> {
  const startedMs = performance.now();
  while (!condition()) {
    if (performance.now() - startedMs > timeoutMs)
      throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
  return performance.now() - startedMs;
}

let probes = 0;

/**
 * Gossips probes, `[0, 255, …]`, from one node until another hears one: while a node does not know yet who listens, its
 * gossip goes nowhere. What was heard so far is forgotten.
 */
export async function untilGossipFlows(from: TestNode, to: TestNode): Promise<void> {
  const before = to.gossip.length;
  let nextMs = 0;
  await until('gossip flows', () => {
    if (to.gossip.length > before) return true;
    if (performance.now() < nextMs) return false;
    nextMs = performance.now() + 100;
    probes += 1;
    from.network.gossip(Uint8Array.of(0, 255, probes >> 8, probes & 255));
    return false;
  });
  await untilSteady('the last probe came', () => to.gossip.length, 300);
  to.gossip.length = 0;
}

/** Resolves once `value` has stayed the same for `steadyMs`; rejects when it goes on changing. */
export async function untilSteady(what: string, value: () => number, steadyMs: number): Promise<void> {
  let last = value();
  let sinceMs = performance.now();
  await until(what, () => {
    const now = value();
    if (now !== last) [last, sinceMs] = [now, performance.now()];
    return performance.now() - sinceMs >= steadyMs;
  });
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Every node learns every other's address. */
export function introduce(nodes: readonly TestNode[]): void {
  for (const node of nodes) for (const other of nodes) node.network.addPeer(other.address);
}

export async function closeAll(nodes: readonly TestNode[]): Promise<void> {
  await Promise.all(nodes.map(({ network }) => network.close()));
}
