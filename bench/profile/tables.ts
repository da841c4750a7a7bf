/** A profile in tables: where a vertex's microseconds go, and which functions take the most of them. */

import { rounded, type Table } from '../../sim/experiments/experiment.ts';
import type { ProfileSummary } from './rooms.ts';

const FUNCTIONS_SHOWN = 30;

/**
 * `cpuUs`: CPU of the profiled thread, if it is known. Samples are taken by the wall: on a shared machine each room's
 * time contains waiting for a core, its share of the CPU does not.
 */
export function roomTable({ rooms, totalUs }: ProfileSummary, vertices: number, cpuUs?: number): Table {
  const workingUs = rooms.reduce((sum, { room, us }) => sum + (room === 'idle' ? 0 : us), 0);
  const row = (room: string, us: number, cpu: number) => [
    ...[room, rounded(us / vertices, 2), rounded((100 * us) / totalUs, 1)],
    ...(cpuUs === undefined ? [] : [rounded(cpu / vertices, 2)]),
  ];
  const cpuOf = (room: string, us: number): number =>
    cpuUs === undefined || room === 'idle' ? 0 : (us / workingUs) * cpuUs;
  return {
    title: 'Where a vertex’s microseconds go: self time of the main thread by room',
    columns: ['room', 'µs a vertex', '%', ...(cpuUs === undefined ? [] : ['µs of CPU'])],
    rows: [...rooms.map(({ room, us }) => row(room, us, cpuOf(room, us))), row('sum', totalUs, cpuUs ?? 0)],
  };
}

export function functionTables({ functions, totalUs }: ProfileSummary, vertices: number): Table[] {
  const columns = ['function', 'file', 'room', 'µs a vertex', '%'];
  const working = functions.filter(({ room, name }) => room !== 'idle' && name !== '(root)');
  const rows = (of: 'selfUs' | 'totalUs') =>
    working
      .slice()
      .sort((a, b) => b[of] - a[of])
      .slice(0, FUNCTIONS_SHOWN)
      .map(
        (entry) =>
          [
            entry.name,
            entry.file,
            entry.room,
            rounded(entry[of] / vertices, 2),
            rounded((100 * entry[of]) / totalUs, 1),
          ] as const,
      );
  return [
    { title: 'Functions by self time', columns, rows: rows('selfUs') },
    { title: 'Functions by total time, with what they call', columns, rows: rows('totalUs') },
  ];
}
