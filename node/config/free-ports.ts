/**
 * Ports for processes that must know each other's address before they start, and find it again after a restart. They
 * lie below the range from which systems take ports for outgoing connections and for port 0, so that nothing takes
 * one by chance between being found and being used, or while its process is down.
 */

import { createServer } from 'node:net';

/** Above 10080, the last port below PORT_MAX that `fetch` refuses to call: an API there would never be heard. */
const PORT_MIN = 10_100;
const PORT_MAX = 32_000;
/** Processes that run at the same time have numbers of their own, and begin to look this far apart. */
const PORTS_PER_PROCESS = 40;

let next = PORT_MIN + ((process.pid * PORTS_PER_PROCESS) % (PORT_MAX - PORT_MIN));

/** So many different TCP ports of the loopback interface that are free now. Throws RangeError when there are not. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = PORT_MIN; ports.length < count; tries++) {
    if (tries === PORT_MAX) throw new RangeError(`expected ${count} free ports, found ${ports.length}`);
    const port = next;
    next = next + 1 < PORT_MAX ? next + 1 : PORT_MIN;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

/** One of them. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
