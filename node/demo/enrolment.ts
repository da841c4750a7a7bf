/** The story's first step: the gateway's key, the simulated sensors and a recording's devices come onto the ledger. */

import { toHex } from '../../consensus/codec/bytes.ts';
import type { Actors } from './actors.ts';
import { gatewayName, type PlayerName } from './cast.ts';
import type { Recording, SensorFeed } from './feed.ts';
import type { NetworkFiles } from './network-files.ts';
import type { StepReport } from './teller.ts';

/** The gateway's key, the simulated sensors, and the recording's devices: owner and monitor sign for each. */
export async function enrolEverybody(
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
    // Proof that it holds the key which is being enrolled.
    keys: [signer],
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
