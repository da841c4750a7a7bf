/** Errors as `application/problem+json` (RFC 9457): our code, its facts, and what would make the request pass. */

import type { FastifyError, FastifyReply } from 'fastify';
import { type Code, codes } from '../../consensus/codec/codes.ts';
import { type Facts, type Refusal, refuse } from '../../consensus/codec/result.ts';
import { remedyOf } from './remedies.ts';

export const problemType = 'application/problem+json; charset=utf-8';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code?: Code;
  readonly facts?: Facts;
  readonly remedy?: string;
}

export const problemSchema = {
  $id: 'Problem',
  type: 'object',
  description: 'RFC 9457 problem details with a Tallystick code.',
  properties: {
    type: { type: 'string' },
    title: { type: 'string', description: 'What the code means.' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What was wrong with this request.' },
    code: { type: 'string' },
    facts: {
      type: 'object',
      additionalProperties: true,
      description: 'Values that help to find the cause; `field` names the field.',
    },
    remedy: { type: 'string', description: 'What would make the request pass.' },
  },
  required: ['type', 'title', 'status', 'detail'],
} as const;

export function problemOf({ code, facts }: Refusal): Problem {
  const { status, remedy } = remedyOf(code);
  const reason = typeof facts['reason'] === 'string' ? facts['reason'] : codes[code];
  const field = facts['field'] === undefined ? '' : `${facts['field']}: `;
  const detail = reason.includes(`"${facts['field']}"`) ? reason : `${field}${reason}`;
  return { type: `urn:tallystick:code:${code}`, title: codes[code], status, detail, code, facts, remedy };
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  if (problem.status === 429 || problem.status === 503) reply.header('retry-after', '2');
  return reply.code(problem.status).type(problemType).send(problem);
}

export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  return sendProblem(reply, problemOf(refusal));
}

/** What fastify refused before a handler saw it; `undefined` when the error is ours and its text nobody's business. */
export function problemOfError(error: FastifyError): Problem | undefined {
  const [issue] = error.validation ?? [];
  if (issue !== undefined) {
    const { missingProperty, additionalProperty, allowedValues } = issue.params as {
      allowedValues?: readonly unknown[];
      missingProperty?: string;
      additionalProperty?: string;
    };
    const inside = `${issue.instancePath}/${missingProperty ?? additionalProperty ?? ''}`
      .split('/')
      .filter((step) => step !== '');
    const reason =
      additionalProperty !== undefined
        ? 'no such field'
        : allowedValues !== undefined
          ? `expected one of ${allowedValues.join(', ')}`
          : `${issue.message}`;
    return problemOf(
      refuse('E_SCHEMA', {
        field: inside.join('.') || (error.validationContext ?? 'body'),
        in: error.validationContext ?? 'body',
        reason,
      }),
    );
  }
  switch (error.statusCode) {
    case 413:
      return problemOf(refuse('E_LIMIT_BYTES', { field: 'body', reason: error.message }));
    case 415:
      return {
        ...problemOf(refuse('E_SCHEMA', { field: 'content-type', reason: 'expected application/json' })),
        status: 415,
      };
    case 400:
      return problemOf(
        refuse('E_SCHEMA', { field: 'body', reason: `not JSON: ${error.message}`.slice(0, 200) }),
      );
    default:
      return undefined;
  }
}
