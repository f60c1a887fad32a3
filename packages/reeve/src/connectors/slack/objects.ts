import { z } from 'zod'
import { isRecord } from '../../base/json/record.ts'

/** Of a channel, a group or a person. */
export const channel = z
  .string()
  .regex(/^(?:[CDGU][A-Z0-9]{2,20}|#[\w.-]{1,80})$/, 'an id such as C0123ABCD, or #name')
export const ts = z.string().regex(/^\d{1,12}\.\d{1,6}$/, 'the `ts` of a message')
/** What our own buttons are called: nothing else may make one, as they decide. */
export const ownButtons = 'reeve:'
export const blocks = z
  .array(z.looseObject({ type: z.string() }))
  .max(50)
  .refine(
    (all) => !hasOwnButton(all),
    `an \`action_id\` that begins with ${ownButtons} is for requests that Reeve brings`,
  )

export const Message = z.looseObject({
  ts: z.string(),
  text: z.string().default(''),
  user: z.string().optional(),
  bot_id: z.string().optional(),
  thread_ts: z.string().optional(),
  metadata: z.looseObject({ event_type: z.string(), event_payload: z.looseObject({}).optional() }).optional(),
})

export const Event = z.object({
  type: z.literal('event_callback'),
  team_id: z.string(),
  event_id: z.string(),
  event_time: z.number().int(),
  event: z.looseObject({
    type: z.string(),
    user: z.string().optional(),
    bot_id: z.string().optional(),
    channel: z.string().optional(),
    text: z.string().optional(),
    ts: z.string().optional(),
    thread_ts: z.string().optional(),
  }),
})

/** Slack posts a form with one field that is JSON. */
export const Interaction = z.object({
  payload: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' })
        return z.NEVER
      }
    })
    .pipe(
      z.looseObject({
        type: z.string(),
        team: z.looseObject({ id: z.string() }).nullish(),
        user: z.looseObject({ id: z.string() }),
        channel: z.looseObject({ id: z.string() }).optional(),
        message: z.looseObject({ ts: z.string() }).optional(),
        response_url: z.string().optional(),
        actions: z.array(z.looseObject({ action_id: z.string(), value: z.string().optional() })).default([]),
      }),
    ),
})

function hasOwnButton(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasOwnButton)
  if (!isRecord(value)) return false
  return Object.entries(value).some(
    ([name, its]) =>
      (name === 'action_id' && typeof its === 'string' && its.startsWith(ownButtons)) || hasOwnButton(its),
  )
}
