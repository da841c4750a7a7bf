/** The node's log: to stderr, and neither payloads nor keys ever come here. */

import { type Logger, pino } from 'pino';
import type { NodeConfig } from './config/node-config.ts';
import { describeOffence } from './replica/accuser.ts';
import type { Notice } from './replica/events.ts';

export type NodeLog = Logger;

export function makeLog(config: Pick<NodeConfig, 'name' | 'logLevel'>): Logger {
  return pino(
    { level: config.logLevel, base: { node: config.name } },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** Views are news to an operator; checkpoints and refusals come by the thousand. */
export function logNotice(log: Logger, notice: Notice): void {
  switch (notice.type) {
    case 'checkpoint':
      log.debug({ height: notice.header.height, outcomes: notice.outcomes.length }, 'checkpoint');
      break;
    case 'view':
      log.info({ height: notice.height, view: notice.view }, 'view change');
      break;
    case 'silent':
      log.warn({ why: notice.why }, 'this node is silent: it does not know what it said before');
      break;
    case 'speaking':
      log.info('this node speaks again');
      break;
    case 'offence':
      log.warn(describeOffence(notice.offence), 'a seat cheats; whoever has the proof can check it');
      break;
    case 'pending':
      log.info({ call: notice.call, transition: notice.transition, state: notice.state }, 'pending call');
      break;
    case 'disclosed':
      log.info({ peer: notice.peer, vertices: notice.vertices }, 'batches of readings sent under a grant');
      break;
    case 'refused':
      log.debug({ code: notice.code, facts: notice.facts, peer: notice.peer }, 'refused');
      break;
    default:
      break;
  }
}
