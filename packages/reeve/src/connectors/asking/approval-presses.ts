import { messageOf, ReeveError } from '../../base/errors.ts'
import { shownId } from '../../base/text/text.ts'
import type { EffectAttempt } from '../../engine/calls/effect/definition.ts'
import type { Engine } from '../../engine/engine.ts'
import { type ApprovalOfRun, requireApproval } from '../../store/approvals/approvals.ts'
import { messageAt, refuseAskedAnew } from '../../store/connectors/approval-messages.ts'
import type { Vault } from '../../store/secrets/vault.ts'
import { type HookSecrets, secretsOfHook } from '../../triggers/hook-door.ts'
import type { Hook } from '../../triggers/webhook.ts'
import { hookSecretsOf } from '../shape/connection.ts'
import type { Press } from './approvals-of-service.ts'
import {
  type AskingChat,
  type AskingConnection,
  isLetters,
  keyOfAsking,
  placeOf,
} from './asking-connections.ts'
import { shownRequest } from './request-text.ts'

/** Whoever pressed is told within this time, or not at all: the service waits for an answer. */
const answerMs = 2_000

/** A door by which presses come. */
export interface PressDoor {
  /** In its address. */
  name: string
  hook: Hook
  secrets(): HookSecrets
  /** Takes a proved body. False: it is about something else. */
  take(body: unknown): Promise<boolean>
}

/**
 * The doors by which people decide where they talk. The service's signature proves who pressed; the project says as whom they
 * decide; the message that has the button says what was shown. All else is as for any other decision.
 */
export function pressDoors(engine: Engine, all: readonly AskingConnection[], vault: Vault): PressDoor[] {
  return all.flatMap((asking) => {
    if (isLetters(asking)) return []
    const { connection, approvals } = asking
    const trigger = connection.definition.triggers?.[approvals.trigger]
    if (trigger?.by !== 'webhook') return []
    const hook: Hook = {
      secrets: hookSecretsOf(connection.name, approvals.trigger, connection.mode).map((name) => ({
        name,
        isSealed: true,
      })),
      signature: trigger.signature,
      toleranceMs: 300_000,
      maxBytes: 1024 * 1024,
    }
    return [
      {
        name: `${connection.name}.${approvals.trigger}`,
        hook,
        secrets: () => secretsOf(hook, asking, vault),
        take: (body) => take(engine, asking, body),
      },
    ]
  })
}

/** What a stand-in signs with is known to everybody: it decides nothing where something real may wait to be decided. */
function secretsOf(
  hook: Hook,
  { connection, connections, approvals }: AskingChat,
  vault: Vault,
): HookSecrets {
  const found = secretsOfHook(hook, { vault, variables: {} })
  const known = connection.definition.sandbox.standIn.webhookSecrets?.[approvals.trigger]
  if ('closed' in found || connections.isSandbox || known === undefined) return found
  const open = found.open.filter((secret) => secret !== known)
  if (open.length > 0) return { open }
  return { closed: `${hook.secrets[0]?.name} is that of the stand-in, and the project is not all in sandbox` }
}

async function take(engine: Engine, asking: AskingChat, body: unknown): Promise<boolean> {
  const press = asking.approvals.pressed(body)
  if (!press) return false
  if (press.verdict === 'other') return true
  await tell(engine, asking, press, await decided(engine, asking, press))
  return true
}

/** What became of a press, in words for whoever pressed. */
async function decided(engine: Engine, asking: AskingChat, press: Press): Promise<string> {
  const { log } = engine.services
  try {
    const { subject, status } = await decide(engine, asking, press)
    return status === 'pending'
      ? `You approved ${subject}; others must approve it too.`
      : `${subject} is ${status} now.`
  } catch (error) {
    // Services do not send a press again: whoever pressed is told to.
    if (!(error instanceof ReeveError)) throw error
    const about = { connection: asking.connection.name, user: press.user, approval: press.approval }
    log.warn('a button decided nothing', { ...about, why: error.message })
    return error.message
  }
}

async function decide(engine: Engine, asking: AskingChat, press: Press): Promise<ApprovalOfRun> {
  const { database } = engine
  const { verdict, user } = press
  if (verdict === 'other') throw noRequest()
  const message = await messageAt(database, keyOfAsking(asking), press.place)
  if (!message || message.approval !== press.approval || message.hash !== press.hash) throw noRequest()
  if (message.team !== press.place.team)
    throw new ReeveError(
      'may-not-decide',
      `This button was pressed in the workspace ${shownId(press.place.team)}, and the request was brought to ${message.team}. Nothing was decided.`,
    )
  const { people } = asking.settings
  const by = Object.hasOwn(people, user) ? people[user] : undefined
  if (by === undefined)
    throw new ReeveError(
      'may-not-decide',
      `Nobody said as whom ${shownId(user)} decides here. Nothing was decided. An owner of the project names you: \`people\` of \`approvals\` of the connection "${asking.connection.name}".`,
    )
  const approval = await requireApproval(database, message.approval)
  refuseAskedAnew(message, approval)
  if (
    approval.status === 'pending' &&
    !asking.approvals.buttonsOf(shownRequest(approval, asking)).includes(verdict)
  )
    throw new ReeveError(
      'approval-cut',
      `Approval ${approval.id} is not decided like this here. Nothing was decided. Look at it whole: reeve approvals ${approval.id}`,
    )
  const decision = { verdict, by, proof: 'chat-account', hash: message.hash } as const
  return engine.control.decide(approval.id, decision, async (session) =>
    refuseAskedAnew(message, await requireApproval(session, message.approval)),
  )
}

function noRequest(): ReeveError {
  return new ReeveError(
    'unknown-approval',
    'This is not the message that a request was brought with. Nothing was decided.',
  )
}

async function tell(engine: Engine, asking: AskingChat, press: Press, words: string): Promise<void> {
  const key = `reeve:press:${press.approval}:${engine.services.newId()}`
  const attempt = { key, attempt: 1, signal: AbortSignal.timeout(answerMs) } as EffectAttempt
  try {
    await asking.approvals.answer(asking.connections.call(placeOf(asking), attempt), press, words)
  } catch (error) {
    // It was decided, or not, whether they are told or not.
    engine.services.log.warn('whoever pressed a button was not told', {
      connection: asking.connection.name,
      error: messageOf(error),
    })
  }
}
