import { ReeveError, type RunHandle, type Runtime } from 'reeve'
import type { supportTriageFor } from '../workflows/support-triage.ts'
import { contentId, type Ticket } from './ticket.ts'

const content = new Set(['from', 'subject', 'body'])

/**
 * Starts the run of a ticket, once for each message, by its id. Ids are a sender's claim: another message under an id
 * that was used is a ticket of its own, and `note` hears of it.
 */
export async function startTicket(
  runtime: Runtime,
  workflow: ReturnType<typeof supportTriageFor>,
  ticket: Ticket,
  principal: string,
  note: (text: string) => void,
): Promise<RunHandle> {
  const { id, from, subject, body, automatic, notes } = ticket
  const input = { id, from, subject, body, automatic, notes }
  try {
    return await runtime.startRun(workflow, input, { idempotencyKey: id, principal })
  } catch (error) {
    if (!(error instanceof ReeveError) || error.code !== 'idempotency-conflict') throw error
    const { run, differs } = error.details as { run: string; differs: string[] }
    const ifKeyExists = 'return'
    // The same message, read by other code than then.
    if (!differs.some((part) => content.has(part)))
      return runtime.startRun(workflow, input, { idempotencyKey: id, principal, ifKeyExists })
    note(`${id}: another message came under this id before (run ${run}); this one is a ticket of its own`)
    const idempotencyKey = `${id} ${contentId(from, subject, body)}`
    return runtime.startRun(workflow, input, { idempotencyKey, principal, ifKeyExists })
  }
}
