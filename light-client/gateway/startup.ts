/**
 * What a gateway reads before it starts: genesis, key, token, password, and whose the nodes are that it follows.
 * Errors name the file and what to do.
 */

import { readFile } from 'node:fs/promises';
import { type Genesis, parseGenesis } from '../../consensus/checkpoint/genesis.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { describeRefusal } from '../../consensus/codec/result.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import type { GatewayConfig } from '../../node/config/gateway-config.ts';
import { openKeyApart } from './apart.ts';
import type { LedgerNode } from './ledger.ts';
import { readPaymentRules, type ThingRule } from './payment-rules.ts';
import { readOrMakeToken } from './token.ts';

/** The command line knows by the name that somebody can mend this. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

export interface Inputs {
  readonly genesis: Genesis;
  /** Seed of the gateway's key; whoever takes it zeroes it. */
  readonly secret: Uint8Array;
  readonly token: string;
  /** Of the MQTT broker. */
  readonly password: string | undefined;
  readonly paymentRules: readonly ThingRule[];
}

export async function readInputs(config: GatewayConfig, passphrase: string): Promise<Inputs> {
  const genesis = await readGenesis(config.genesisFile);
  const secret = await openKeyApart(config.keyFile, passphrase);
  const token = await readOrMakeToken(config.api.tokenFile);
  const password = await readPassword(config.mqtt.passwordFile);
  const paymentRules = await readPaymentRules(config.payments, passphrase, genesis.network);
  return { genesis, secret, token, password, paymentRules };
}

async function readPassword(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new StartError(`${file}: cannot read the broker's password: ${cause.message}`, { cause });
  });
  return text.replace(/\r?\n$/, '');
}

async function readGenesis(file: string): Promise<Genesis> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new StartError(`${file}: cannot read the genesis: ${cause.message}`, { cause });
  });
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (cause) {
    throw new StartError(`${file}: not JSON: ${(cause as Error).message}`, { cause });
  }
  const genesis = parseGenesis(json);
  if (!genesis.ok) throw new StartError(`${file}: no genesis: ${describeRefusal(genesis)}`);
  return genesis.value;
}

/** Which party runs each node, by the genesis: two nodes of one party are one opinion `[LC-2]`. */
export function organiseNodes(nodes: GatewayConfig['nodes'], { record }: Genesis): LedgerNode[] {
  const partyOf = new Map(
    record.parties.flatMap(({ lei, keys }) => keys.map((key) => [toHex(key), lei] as const)),
  );
  return nodes.map(({ key }) => ({ key, organisation: partyOf.get(key) ?? key }));
}
