import { z } from 'zod'
import * as things from './things.ts'
import { count, json, lists, text, time } from './things.ts'

const flag = z.boolean()
const change = { id: text, principal: text, change: json, endsAt: time.nullable() }
const revoked = { principal: text, revoked: flag }
const place = { agent: text.nullable(), tool: text.nullable(), connector: text.nullable() }
const token = z.object({
  id: text,
  name: text,
  principal: text,
  role: text,
  createdAt: time,
  expiresAt: time.nullable(),
  usedAt: time.nullable(),
  revokedAt: time.nullable(),
})

/** Of the commands of `People` and `Connect`. */
export const peopleAnswers: Record<string, z.ZodType> = {
  whoami: z.object({ principal: text, role: text, proof: text, at: text, localUser: text.nullable() }),
  principals: z.object({
    principals: z.array(
      z.object({
        name: text,
        kind: text,
        role: text.nullable(),
        createdBy: text,
        createdAt: time.optional(),
        removedAt: time.nullable(),
      }),
    ),
  }),
  'principals add': z.object({ principal: text, done: text }),
  grants: z.object({
    changes: z.array(z.object({ ...change, why: text.nullable(), by: text, at: time })),
    switches: z.array(z.object({ ...place, mode: text, why: text.nullable(), by: text, at: time })),
  }),
  'grants --who': z.object({
    tool: text,
    from: time,
    until: time,
    spans: z.array(
      z.object({
        principal: text,
        from: time,
        until: time,
        by: text,
        grant: text.nullable(),
        isAsked: flag,
        conditions: z.array(text),
      }),
    ),
    unknownBefore: z.array(z.object({ principal: text, at: time })),
  }),
  'grants back': z.object({ id: text, principal: text, undone: flag }),
  grant: z.object(change),
  revoke: z.object(revoked),
  'revoke GRANT': z.object(change),
  switch: z.object({
    agent: text.optional(),
    tool: text.optional(),
    connector: text.optional(),
    mode: text,
    before: text,
  }),
  policy: z.object({
    runs: count,
    calls: count,
    counts: z.record(z.string(), count),
    differences: z.array(
      z.object({
        tool: text,
        agent: text.nullable(),
        workflow: text,
        before: text,
        after: text,
        reasons: z.array(text),
        count,
        examples: z.array(
          z.object({
            runId: text,
            call: count,
            at: time,
            args: json,
            whyBefore: z.array(text),
            whyAfter: z.array(text),
          }),
        ),
      }),
    ),
    unjudged: z.array(
      z.object({
        why: text,
        count,
        examples: z.array(z.object({ runId: text, call: count.nullable(), tool: text.nullable() })),
      }),
    ),
  }),
  'pause-all': z.object({ paused: flag, queues: z.array(text) }),
  'resume-all': z.object({ paused: flag, queues: z.array(text) }),
  'secrets set': z.object({ name: text, version: count }),
  'secrets list': z.object({
    secrets: z.array(
      z.object({
        name: text,
        version: count,
        setAt: time,
        setBy: text,
        usedAt: time.nullable(),
        key: text,
        usedBy: z.array(text).nullable().optional(),
      }),
    ),
  }),
  'secrets rotate': z.object({ name: text, version: count }),
  'secrets rotate --key': z.object({ key: text, place: text, values: count, resealed: count }),
  'secrets delete': z.object({ name: text, deleted: flag }),
  'token create': z.object({ id: text, principal: text, role: text, token: text }),
  'token list': lists('tokens', token),
  'token revoke': z.object({ id: text, revoked: flag }),
  'token sign-in': z.object({ signIn: text }),
  connect: things.connector,
  'connectors list': z.object({ connectors: z.array(things.connector) }),
  'connectors test': z.object({ connectors: z.array(things.connector) }),
  'connectors versions': z.object({ versions: z.array(things.connectorVersion) }),
  'connectors diff': things.connectorDiff,
  'connectors diff --accept': things.connector,
  'connectors disconnect': things.connector,
}
