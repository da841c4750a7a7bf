/**
 * A scheduled fault as people write it: `kind@from-to:what`, in virtual milliseconds, nodes by number. One text for each
 * fault and back, so that a failing run can be written down with the very faults that it needs. docs/spec/simulator.md.
 */

import { type FaultKind, faultKinds } from './kinds.ts';
import type { ScheduledFault } from './schedule.ts';

export function encodeFault(fault: ScheduledFault): string {
  return `${fault.kind}@${fault.atMs}-${fault.untilMs}:${encodeSubject(fault)}`;
}

/** `undefined` when the text means nothing. Whether the nodes are there is for `checkFault` to say. */
export function decodeFault(text: string): ScheduledFault | undefined {
  const [, name, at, until, subject = ''] = /^([a-z-]+)@(\d{1,9})-(\d{1,9}):(\S+)$/.exec(text) ?? [];
  const kind = faultKinds.find((known) => known === name);
  return kind && decodeSubject(kind, { atMs: Number(at), untilMs: Number(until) }, subject);
}

/** Why this fault cannot be in a run of so many nodes and milliseconds, or `undefined`. */
export function checkFault(fault: ScheduledFault, nodes: number, durationMs: number): string | undefined {
  const { atMs, untilMs } = fault;
  if (atMs >= untilMs) return 'a fault ends after it begins';
  if (untilMs > durationMs) return `a fault ends within the ${durationMs} ms of the run`;
  const named = nodesOf(fault);
  if (fault.kind === 'asymmetric' && (fault.from.length === 0 || fault.to.length === 0))
    return 'somebody is not heard by somebody';
  if (named.some((node) => node >= nodes)) return `nodes are numbered from 0 to ${nodes - 1}`;
  if (new Set(named).size < named.length) return 'a fault names each node once';
  if (fault.kind === 'partition' && named.length === nodes) return 'a partition leaves somebody on each side';
  if (fault.kind === 'restored-backup' && fault.backupAtMs > atMs) return 'a backup is older than its fault';
  return undefined;
}

/** Every node that the fault names. */
export function nodesOf(fault: ScheduledFault): readonly number[] {
  switch (fault.kind) {
    case 'partition':
      return fault.left;
    case 'asymmetric':
      return [...fault.from, ...fault.to];
    case 'churn':
      return fault.other === undefined ? [fault.node] : [fault.node, fault.other];
    default:
      return [fault.node];
  }
}

function encodeSubject(fault: ScheduledFault): string {
  switch (fault.kind) {
    case 'crash':
      return `${fault.node}${fault.power ? '/power' : ''}`;
    case 'torn-write':
      return `${fault.node}`;
    case 'partition':
      return fault.left.join(',');
    case 'asymmetric':
      return `${fault.from.join(',')}>${fault.to.join(',')}`;
    case 'churn':
      return fault.other === undefined ? `${fault.node}` : `${fault.node}-${fault.other}`;
    case 'clock-drift':
      return `${fault.node}/${fault.offsetMs}ms/${fault.ppm}ppm`;
    case 'clock-jump':
      return `${fault.node}/${fault.byMs}ms`;
    case 'restored-backup':
      return `${fault.node}/${fault.backupAtMs}ms`;
  }
}

const forms: { readonly [K in FaultKind]: RegExp } = {
  crash: /^(\d+)(\/power)?$/,
  'torn-write': /^(\d+)$/,
  partition: /^(\d+(?:,\d+)*)$/,
  asymmetric: /^(\d+(?:,\d+)*)>(\d+(?:,\d+)*)$/,
  churn: /^(\d+)(?:-(\d+))?$/,
  'clock-drift': /^(\d+)\/(-?\d+)ms\/(-?\d+)ppm$/,
  'clock-jump': /^(\d+)\/(-?\d+)ms$/,
  'restored-backup': /^(\d+)\/(\d+)ms$/,
};

function decodeSubject(
  kind: FaultKind,
  when: { readonly atMs: number; readonly untilMs: number },
  subject: string,
): ScheduledFault | undefined {
  const match = forms[kind].exec(subject);
  if (match === null) return undefined;
  const [, first = '', second, third] = match;
  const node = Number(first);
  switch (kind) {
    case 'crash':
      return { kind, ...when, node, power: second !== undefined };
    case 'torn-write':
      return { kind, ...when, node };
    case 'partition':
      return { kind, ...when, left: numbers(first) };
    case 'asymmetric':
      return { kind, ...when, from: numbers(first), to: numbers(second!) };
    case 'churn':
      return { kind, ...when, node, other: second === undefined ? undefined : Number(second) };
    case 'clock-drift':
      return { kind, ...when, node, offsetMs: Number(second), ppm: Number(third) };
    case 'clock-jump':
      return { kind, ...when, node, byMs: Number(second) };
    case 'restored-backup':
      return { kind, ...when, node, backupAtMs: Number(second) };
  }
}

function numbers(text: string): number[] {
  return text.split(',').map(Number);
}
