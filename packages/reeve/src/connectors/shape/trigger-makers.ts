import { secret } from '../../base/secrets/secret-handle.ts'
import type { Trigger } from '../../engine/starting/trigger.ts'
import { type HookOfService, webhook } from '../../triggers/webhook.ts'
import { type Connection, hookSecretsOf, type TriggerMaker } from './connection.ts'
import type { PollTrigger } from './poll-trigger.ts'
import type { PollOfService, TriggerDefinition, WebhookOfService } from './trigger.ts'

/** What a workflow writes under `on`, for each trigger of a connection. */
export function triggerMakers(
  connection: Connection,
  triggers: Readonly<Record<string, TriggerDefinition>>,
): Record<string, TriggerMaker<never>> {
  return Object.fromEntries(
    Object.entries(triggers).map(([name, its]) => [
      name,
      its.by === 'webhook' ? webhookMaker(connection, name, its) : pollMaker(connection, name, its),
    ]),
  )
}

function webhookMaker(connection: Connection, source: string, its: WebhookOfService): TriggerMaker<never> {
  return ({ name = `${connection.name}.${source}`, input }) => {
    const { signature, tolerance, schema, foreign } = its
    const made = webhook({
      name,
      signature,
      // Of its own mode alone: what signs test events, or a stand-in's, proves nothing of a real account.
      secret: hookSecretsOf(connection.name, source, connection.mode).map((each) => secret(each)),
      ...(tolerance !== undefined && { tolerance }),
      schema,
      input: ({ body }: { body: unknown }) => input(body as never) as object,
    } as never)
    const service = foreign && { connection: connection.name, foreign: foreign as HookOfService['foreign'] }
    return { ...made, ...(service && { service }) } as unknown as Trigger<never>
  }
}

function pollMaker(connection: Connection, source: string, poll: PollOfService): TriggerMaker<never> {
  return ({ name = `${connection.name}.${source}`, input }) => {
    const trigger: PollTrigger = {
      kind: 'reeve-trigger',
      on: 'service',
      name,
      connection: connection.name,
      source,
      channel: poll.isMail ? 'mail' : `webhook:${name}`,
      poll,
      input: input as (item: unknown) => unknown,
    }
    return trigger as Trigger<never>
  }
}
