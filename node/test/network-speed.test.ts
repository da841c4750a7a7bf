/** How fast direct links carry frames, printed; and that a process holding two nodes stays small. */

import '../polyfill.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { closeAll, pause, startNode, until } from './network-nodes.ts';

const speed = suite('network: speed');

speed('ten thousand small frames, and what larger ones take', async () => {
  let received = 0;
  const handlers = { onMessage: () => void received++ };
  const to = await startNode(1, { handlers, limits: { queueFramesMax: 20_000, queueBytesMax: 64 << 20 } });
  const from = await startNode(2, {
    peers: [to.address],
    limits: { queueFramesMax: 20_000, queueBytesMax: 64 << 20 },
  });
  await until('they are connected', () => from.network.peers.length === 1 && to.network.peers.length === 1);
  const idleMiB = process.memoryUsage.rss() >> 20;
  for (const [count, bytes] of [
    [10_000, 200],
    [5_000, 1_024],
    [1_000, 16_384],
  ] as const) {
    received = 0;
    const startedMs = performance.now();
    for (let sent = 0; sent < count; sent++) {
      from.network.send(to.key, new Uint8Array(bytes));
      // As a replica does: some frames a step.
      if (sent % 50 === 49) await pause(0);
    }
    await until('all arrived', () => received === count);
    const seconds = (performance.now() - startedMs) / 1_000;
    const rate = Math.round(count / seconds);
    console.log(
      `network: ${rate} frames/s of ${bytes} bytes, both ends in one process (${Math.round((rate * bytes) / 1e6)} MB/s)`,
    );
  }
  assert.is(from.network.stats().dropped, 0);

  received = 0;
  const turns = 500;
  const startedMs = performance.now();
  for (let turn = 1; turn <= turns; turn++) {
    from.network.send(to.key, new Uint8Array(200));
    while (received < turn) await new Promise(setImmediate);
  }
  const eachUs = Math.round((1e3 * (performance.now() - startedMs)) / turns);
  console.log(`network: ${eachUs} µs for a frame alone, one way`);
  console.log(
    `network: two idle nodes in one process ${idleMiB} MiB, after this ${process.memoryUsage.rss() >> 20} MiB`,
  );
  await closeAll([from, to]);
});

speed.run();
