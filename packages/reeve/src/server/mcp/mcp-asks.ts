import { isRecord } from '../../base/json/record.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import type { ServerSdk } from './load-sdk.ts'
import type { ServedRun } from './mcp-views.ts'

/** SEP-2663, which a client has when it says so with each request. */
export const tasksExtension = 'io.modelcontextprotocol/tasks'

/** What the client at the other side can do of what is used here. */
export interface ClientCan {
  /** Lead its user to a page. */
  elicitUrl: boolean
  /** Take a task in place of a result, and ask for it later. */
  tasks: boolean
}

export function canOf(capabilities: unknown): ClientCan {
  const { elicitation, extensions } = recordOf(capabilities)
  return {
    elicitUrl: recordOf(elicitation).url !== undefined,
    tasks: recordOf(extensions)[tasksExtension] !== undefined,
  }
}

/**
 * What a run asks of people, as requests to open a page: there a person signs in and decides. Whatever the client answers decides
 * nothing; it only means that its user has seen where to go. Undefined: nobody is asked, or there is no page.
 */
export function elicitations({ inputRequired }: ServerSdk, { waitsFor }: ServedRun) {
  const asks = waitsFor.flatMap(({ approvalId, kind, subject, decideAt }) => {
    if (decideAt === undefined) return []
    const message = `A person must decide: ${kind} "${firstCharacters(subject, 200)}". Sign in to see exactly what is asked, and decide there.`
    return [[approvalId, inputRequired.elicitUrl({ message, url: decideAt })] as const]
  })
  return asks.length === 0 ? undefined : Object.fromEntries(asks)
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}
