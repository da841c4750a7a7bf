/** A gateway in a process of its own, to be killed: `node gateway-child.js <url> <3.1.1|5> <folder> <seed>`. */

import { installNativePrimitives } from '../../node/crypto/native.ts';
import { connectIntake } from '../mqtt/intake-connection.ts';
import { warehouseAndTruck } from '../sensors/scenario.ts';
import { DurableIntake } from './durable-intake.ts';

const [url, version, folder, seed] = process.argv.slice(2) as [string, string, string, string];
const network = new Uint8Array(32).fill(5);
installNativePrimitives();
const { devices } = warehouseAndTruck({ seed, network, startMs: 0 });
const keys = new Map(devices.map(({ device, publicKey }) => [device, publicKey]));
const gateway = await DurableIntake.open(folder, network, (device) => ({
  publicKey: keys.get(device),
  active: true,
}));
const connection = connectIntake(
  { url, protocolVersion: version === '5' ? 5 : 4, clientId: 'killed-gateway', topics: ['tally/+/senml'] },
  gateway.onMessage,
);
await connection.ready;
console.log('ready');
