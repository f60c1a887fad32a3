import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { credentialsIn } from '../../../base/secrets/known-secrets.ts'
import { Secrets } from '../../../base/secrets/secrets.ts'
import type { Limits, OpenedDefinition } from '../definition/server-definition.ts'
import type { ClientSdk } from '../sdk.ts'
import { guardedFetch } from './guarded-fetch.ts'
import { GuardedTransport } from './guarded-transport.ts'
import { StdioProcess } from './stdio-process.ts'

/** The way to a server as its definition wants it: a process of our own, or HTTP. Nothing is started yet. */
export function transportFor(
  sdk: ClientSdk,
  definition: OpenedDefinition,
  limits: Limits,
  environment: NodeJS.ProcessEnv,
): { transport: GuardedTransport; process?: StdioProcess; secrets: Secrets } {
  const { maxMessage } = limits
  const timeoutMs = Math.max(limits.timeoutMs, limits.connectTimeoutMs)
  if (!('url' in definition)) {
    const parseMessage = (value: unknown) => sdk.types.JSONRPCMessageSchema.parse(value)
    const process = new StdioProcess(definition, { environment, maxMessage, parseMessage })
    const { secrets } = process
    return { transport: new GuardedTransport(definition.name, process, secrets), process, secrets }
  }
  const secrets = new Secrets(Object.values(definition.headers ?? {}).flatMap(credentialsIn))
  const fetch = guardedFetch(definition, {
    maxMessage,
    timeoutMs,
    onFlood: (fault) => transport.refuse(fault),
  })
  const http = new sdk.HttpTransport(new URL(definition.url), {
    fetch,
    requestInit: { headers: { ...definition.headers } },
    reconnectionOptions: {
      initialReconnectionDelay: 500,
      maxReconnectionDelay: 5000,
      reconnectionDelayGrowFactor: 2,
      maxRetries: 2,
    },
  })
  const transport: GuardedTransport = new GuardedTransport(definition.name, http as Transport, secrets)
  return { transport, secrets }
}
