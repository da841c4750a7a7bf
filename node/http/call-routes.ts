/** /v1/transitions and /v1/calls: compose, sign, try, submit, and ask what came of it. */

import type { FastifyInstance, FastifyReply } from 'fastify';
import { toHex } from '../../consensus/codec/bytes.ts';
import { codes } from '../../consensus/codec/codes.ts';
import { limits } from '../../consensus/codec/limits.ts';
import { type Result, refuse } from '../../consensus/codec/result.ts';
import { transitions } from '../../consensus/contracts/index.ts';
import { type SignedCall, signedCall } from '../../consensus/vertex/call.ts';
import { argsJsonSchema, type JsonObject } from '../service/call-args.ts';
import type { Calls, CheckedCall } from '../service/calls.ts';
import type { Submission } from '../service/submissions.ts';
import { sendRefusal } from './problem.ts';
import { remedyOf } from './remedies.ts';
import {
  anyObject,
  type CallBody,
  callBody,
  callBodyBytesMax,
  copiesOf,
  describedCallSchema,
  idSchema,
  problems,
  submissionSchema,
} from './schemas.ts';
import type { ApiServices } from './services.ts';

export const waitMaxMs = 60_000;
export const waitQuery = {
  type: 'object',
  properties: {
    wait: {
      type: 'integer',
      minimum: 0,
      maximum: waitMaxMs,
      default: 0,
      description: 'Wait for the outcome at most so long, ms.',
    },
  },
} as const;
export const submissionResponse = {
  200: { ...submissionSchema, description: 'Final.' },
  202: { ...submissionSchema, description: 'Durable here, not final yet.' },
  ...problems,
} as const;
const allClasses = [0, 1, 2] as const;
const composeBytesMax = 4 * limits.callBytesMax;

interface ComposeBody {
  readonly transition: string;
  readonly args: JsonObject;
  readonly deadline?: number;
  readonly nonce?: string;
  readonly sign?: boolean;
}

export function registerCallRoutes(api: FastifyInstance, { calls, submissions }: ApiServices): void {
  /** A call as it is passed on, and what it says: whoever holds it holds all of it. */
  const shown = (call: SignedCall) => ({
    call: toHex(signedCall.encode(call)),
    ...calls.describe(call, allClasses),
    signers: calls.wantedSigners(call) ?? null,
  });
  const tags = ['calls'];

  api.get(
    '/transitions',
    {
      schema: {
        tags,
        summary: 'Every transition, with the JSON Schema of its arguments',
        response: { 200: anyObject },
      },
    },
    () => ({
      transitions: [...transitions.values()].map((declared) => {
        const { name, row, summary } = declared;
        return { name, row, summary, codes: declared.codes, args: argsJsonSchema(declared) };
      }),
    }),
  );

  api.post<{ Body: ComposeBody }>(
    '/calls',
    {
      bodyLimit: composeBytesMax,
      schema: {
        tags,
        summary: 'Compose a call from a transition’s name and its arguments',
        description:
          'Arguments are one flat object, see GET /v1/transitions. Where an id is wanted, `lei:…`, `sscc:…`, `lot:…`, `giai:…` or `device:…` name it; `reading:<vertex>/<frame>` stands for the proof of a reading that this node holds.',
        body: {
          type: 'object',
          properties: {
            transition: { type: 'string', minLength: 1, maxLength: 32 },
            args: { type: 'object', additionalProperties: true },
            deadline: {
              type: 'integer',
              minimum: 0,
              description:
                'Checkpoint time after which it has no effect, ms; an hour from now when left out.',
            },
            nonce: {
              type: 'string',
              pattern: '^[0-9a-fA-F]{32}$',
              description:
                'Of its signers’ calls under one nonce only one takes effect, ever: give that of an earlier call to repeat it safely. Drawn at random when left out.',
            },
            sign: { type: 'boolean', description: 'Sign it with this node’s key at once.' },
          },
          required: ['transition', 'args'],
          additionalProperties: false,
        },
        response: { 200: describedCallSchema, ...problems },
      },
    },
    async ({ body }, reply) => {
      const composed = await calls.compose(body.transition, body.args, body);
      const call = composed.ok && body.sign ? calls.sign(composed.value) : composed;
      return call.ok ? shown(call.value) : sendRefusal(reply, call);
    },
  );

  const withCall = { bodyLimit: callBodyBytesMax };
  const opened = (body: CallBody): Result<SignedCall> => calls.open(copiesOf(body));

  api.post<{ Body: CallBody }>(
    '/calls/describe',
    {
      ...withCall,
      schema: {
        tags,
        summary: 'What a call says, and who must sign it',
        body: callBody,
        response: { 200: describedCallSchema, ...problems },
      },
    },
    ({ body }, reply) => {
      const call = opened(body);
      return call.ok ? shown(call.value) : sendRefusal(reply, call);
    },
  );

  api.post<{ Body: CallBody }>(
    '/calls/sign',
    {
      ...withCall,
      schema: {
        tags,
        summary: 'Sign a call with this node’s key',
        body: callBody,
        response: { 200: describedCallSchema, ...problems },
      },
    },
    ({ body }, reply) => {
      const call = opened(body);
      const signed = call.ok ? calls.sign(call.value) : call;
      return signed.ok ? shown(signed.value) : sendRefusal(reply, signed);
    },
  );

  api.post<{ Body: CallBody }>(
    '/calls/check',
    {
      ...withCall,
      schema: {
        tags,
        summary: 'Try a call on the present state without submitting it',
        body: callBody,
        response: { 200: anyObject, ...problems },
      },
    },
    ({ body }, reply) => {
      const call = opened(body);
      return call.ok ? checkedJson(calls.check(call.value)) : sendRefusal(reply, call);
    },
  );

  api.post<{ Body: CallBody; Querystring: { wait: number } }>(
    '/calls/submit',
    {
      ...withCall,
      schema: {
        tags,
        summary: 'Submit a call; with `wait`, answer once it is final',
        description: 'Safe to repeat: a call that is under way or took effect is not submitted again.',
        querystring: waitQuery,
        body: callBody,
        response: submissionResponse,
      },
    },
    async ({ body, query }, reply) => {
      const call = opened(body);
      const submitted = call.ok ? await submissions.submit(call.value) : call;
      return sendSubmission(reply, { submissions, calls }, submitted, query.wait);
    },
  );

  api.get<{ Params: { id: string } }>(
    '/calls/:id',
    {
      schema: {
        tags,
        summary: 'What is known of a call',
        params: { type: 'object', properties: { id: idSchema } },
        response: { 200: submissionSchema, ...problems },
      },
    },
    async ({ params }, reply) => {
      const known = await submissions.ofCall(params.id.toLowerCase());
      return known === undefined
        ? sendRefusal(reply, refuse('E_NOT_FOUND', { type: 'call', id: params.id }))
        : submissionJson(known, calls);
    },
  );
}

/** What came of a submission, waited for at most so long, ms. */
export async function sendSubmission(
  reply: FastifyReply,
  { submissions, calls }: Pick<ApiServices, 'submissions' | 'calls'>,
  submitted: Result<Submission>,
  wait: number,
): Promise<FastifyReply> {
  if (!submitted.ok) return sendRefusal(reply, submitted);
  const { value } = submitted;
  const waited = value.outcome === null ? ((await submissions.wait(value.vertex, wait)) ?? value) : value;
  return reply.code(waited.outcome === null ? 202 : 200).send(submissionJson(waited, calls));
}

/** A refused outcome also says what stood in the way, and what would make the call pass. */
function submissionJson(submission: Submission, calls: Calls) {
  const { outcome } = submission;
  const status = outcome === null ? 'pending' : 'final';
  if (outcome === null || outcome.code === 'OK') return { ...submission, status };
  const { remedy } = remedyOf(outcome.code);
  return { ...submission, status, outcome: { ...outcome, object: calls.objectOf(outcome) ?? null, remedy } };
}

function checkedJson({ refusal, object, writes, height, time }: CheckedCall) {
  if (refusal === undefined) return { passes: true, refusal: null, writes, height, time };
  const { code, facts, conflict } = refusal;
  const shown = {
    code,
    meaning: codes[code],
    facts,
    conflict: conflict === undefined ? null : toHex(conflict),
    object: object ?? null,
    remedy: remedyOf(code).remedy,
  };
  return { passes: false, refusal: shown, writes: [], height, time };
}
