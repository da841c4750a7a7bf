/**
 * A process that stands between validators and holds every byte back for a while, in each direction: a far link, where
 * the machine has no other way to make one. Arguments: milliseconds, then `listen:target` ports.
 */

import { connect, createServer, type Socket } from 'node:net';

const HOST = '127.0.0.1';
/** Bytes of one direction that may be under way; beyond it the sender waits, as for a link of that capacity. */
const UNDER_WAY_BYTES_MAX = 16 << 20;

/** Passes on what comes, `delayMs` later, in order. */
function passOn(from: Socket, to: Socket, delayMs: number): void {
  let underWay = 0;
  from.on('data', (chunk) => {
    underWay += chunk.length;
    if (underWay > UNDER_WAY_BYTES_MAX) from.pause();
    setTimeout(() => {
      underWay -= chunk.length;
      if (from.isPaused() && underWay <= UNDER_WAY_BYTES_MAX) from.resume();
      if (!to.destroyed) to.write(chunk);
    }, delayMs);
  });
  from.on('end', () => setTimeout(() => to.end(), delayMs));
  from.on('close', () => setTimeout(() => to.destroy(), delayMs));
  from.on('error', () => undefined);
}

const [delayText, ...pairs] = process.argv.slice(2);
const delayMs = Number(delayText);
for (const pair of pairs) {
  const [listenPort, targetPort] = pair.split(':').map(Number);
  const server = createServer((near) => {
    const far = connect(targetPort!, HOST);
    near.setNoDelay(true);
    far.setNoDelay(true);
    passOn(near, far, delayMs);
    passOn(far, near, delayMs);
  });
  server.listen(listenPort, HOST);
}
process.once('disconnect', () => process.exit());
