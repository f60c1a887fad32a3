import { z } from 'zod'
import { ReeveError } from '../../../base/errors.ts'
import type { ApprovalsOfService, Press } from '../../asking/approvals-of-service.ts'
import type { ServiceCall } from '../../door/service-call.ts'
import { call, foundAgain, metadataOf, unless } from '../methods.ts'
import { channel, Interaction, ownButtons } from '../objects.ts'
import { requestMessage, settledMessage } from './request-message.ts'

/** What a project says of Slack beside what all connections have. */
export const Settings = z.strictObject({
  /** Requests are posted to a channel, and people decide them there with buttons. */
  approvals: z
    .strictObject({
      channel,
      /** Ids of Slack users, and as which principal each decides. Who is not here decides nothing there. */
      people: z.record(
        z.string().regex(/^[UW][A-Z0-9]{2,20}$/, 'the id of a Slack user, such as U0123ABCD'),
        z.string().min(1),
      ),
      /** The address of this server as people reach it, for links: `https://reeve.example.com`. */
      page: z.url({ protocol: /^https?$/ }).optional(),
    })
    .optional(),
})

const verdicts: ReadonlyMap<string, Press['verdict']> = new Map([
  [`${ownButtons}approve`, 'approve'],
  [`${ownButtons}reject`, 'reject'],
])

/** Requests as messages with buttons. Who presses is told by `chat.postEphemeral`, which they alone see. */
export const slackApprovals: ApprovalsOfService = {
  trigger: 'interaction',
  class: 'post',
  settingsOf: (settings) => (settings as z.output<typeof Settings>).approvals,
  buttonsOf: (request) => requestMessage(request).buttons,
  async post(api, to, request) {
    const team = await teamOf(api)
    const { text, blocks } = requestMessage(request)
    const message = { channel: to, text, blocks, unfurl_links: false, unfurl_media: false }
    const { json } = await call(api, 'chat.postMessage', { ...message, metadata: metadataOf(api) })
    return { team, channel: json.channel, ts: json.ts }
  },
  async find(api, to, sinceMs) {
    const verdict = await foundAgain(api, to, undefined, String(Math.max(0, Math.floor(sinceMs / 1000))))
    if (verdict.outcome === 'not-applied') return null
    if (verdict.outcome === 'applied')
      return { team: await teamOf(api), ...(verdict.result as { channel: string; ts: string }) }
    throw new ReeveError('service-failed', `Nobody knows whether it was posted: ${verdict.reason}.`)
  },
  async settle(api, { channel: where, ts }, words) {
    const message = { channel: where, ts, ...settledMessage(words) }
    await unless('message_not_found', call(api, 'chat.update', message))
  },
  pressed,
  async answer(api, { place, user }, words) {
    const message = { channel: place.channel, user, ...settledMessage(words) }
    await call(api, 'chat.postEphemeral', message)
  },
}

function pressed(body: unknown): Press | undefined {
  const read = Interaction.safeParse(body)
  if (!read.success) return undefined
  const { type, team, user, channel: where, message, actions } = read.data.payload
  const own = actions.find(({ action_id: id }) => id.startsWith(ownButtons))
  if (type !== 'block_actions' || !own) return undefined
  const [approval = '', hash = ''] = (own.value ?? '').split(' ')
  const verdict = verdicts.get(own.action_id) ?? 'other'
  const place = { team: team?.id ?? '', channel: where?.id ?? '', ts: message?.ts ?? '' }
  return { verdict, user: user.id, place, approval, hash }
}

/** Whose workspace it is, as Slack says. */
async function teamOf(api: ServiceCall): Promise<string> {
  const { json } = await call(api, 'auth.test', {}, true)
  return json.team_id
}
