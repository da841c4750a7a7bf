/** Puts devices on the ledger of a measured network: one call each, signed by the key of a monitor, to a validator's API. */

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '../../consensus/codec/bytes.ts';
import { enrolDevice } from '../../consensus/contracts/transitions/enrol.ts';
import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { composeCall, signCall, signedCall } from '../../consensus/vertex/call.ts';
import type { ClusterHome } from '../cluster/home.ts';

const DEADLINE_MS = 600_000;
const FINAL_WITHIN_MS = 60_000;

/** `monitor`: the party of `signer`, owner of the devices too. They cannot sign: the gateway vouches for them. */
export async function enrolDevices(
  { genesis, validators }: ClusterHome,
  devices: readonly string[],
  monitor: Uint8Array,
  signer: Signer,
): Promise<void> {
  const [{ apiUrl, folder }] = validators as [ClusterHome['validators'][number]];
  const token = (await readFile(join(folder, 'api-token'), 'utf8')).trim();
  for (const identifier of devices) {
    const args = {
      ...{ owner: monitor, monitor, key: new Uint8Array(0), replaces: false, validUntil: undefined },
      ...{ identifier, functions: ['climate' as const] },
    };
    const unsigned = composeCall({
      ...{ network: genesis.network, transition: enrolDevice.name, nonce: randomBytes(16) },
      ...{ deadline: Date.now() + DEADLINE_MS, values: enrolDevice.args.encodeParts(args) },
      salts: [randomBytes(32), randomBytes(32)],
    });
    const call = signedCall.encode({ ...unsigned, signatures: [signCall(unsigned, signer)] });
    const response = await fetch(`${apiUrl}/v1/calls/submit?wait=${FINAL_WITHIN_MS}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ call: toHex(call) }),
    });
    const answer = (await response.json()) as { readonly outcome?: { readonly code: string } | null };
    if (answer.outcome?.code !== 'OK')
      throw new Error(`${identifier} was not enrolled: ${JSON.stringify(answer)}`);
  }
}
