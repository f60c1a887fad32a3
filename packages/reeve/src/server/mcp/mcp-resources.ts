import { approvalContext } from '../../inspect/approvals/approval-context.ts'
import { approvalView } from '../../inspect/approvals/approval-view.ts'
import { listRunPage } from '../../inspect/lists/run-list.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { type ApprovalOfRun, listPending, requireApproval } from '../../store/approvals/approvals.ts'
import { keepingMarks } from '../../store/marks/open-kept.ts'
import { type ServeView, serveApproval, serveEvents, serveRun } from './mcp-views.ts'

const approvalsUri = 'reeve://approvals'
const runPrefix = 'reeve://runs/'
const listedRuns = 50

export interface ServedResource {
  uri: string
  name: string
  description: string
  mimeType: 'application/json'
}

export const runTemplate = {
  uriTemplate: `${runPrefix}{id}`,
  name: 'run',
  description: 'A run: how it stands, and what happened in it.',
  mimeType: 'application/json',
} as const

export const approvalTemplate = {
  uriTemplate: `${approvalsUri}/{id}`,
  name: 'approval',
  description: 'What a person is asked: exactly what is shown, where it came from, and where it is decided.',
  mimeType: 'application/json',
} as const

/** What waits for a person, and the newest runs. */
export async function listServed(runtime: Runtime): Promise<ServedResource[]> {
  const { runs } = await listRunPage(internalsOf(runtime).database, { limit: listedRuns })
  return [
    {
      uri: approvalsUri,
      name: 'approvals',
      description: 'What waits for a person.',
      mimeType: 'application/json',
    },
    ...runs.map(({ id, workflow, status }) => ({
      uri: runPrefix + id,
      name: `${workflow} ${id}`,
      description: `Run ${id} of ${workflow}, ${status} when this was listed.`,
      mimeType: 'application/json' as const,
    })),
  ]
}

/** Undefined: there is no such resource. @throws `unknown-run` `unknown-approval` */
export async function readServed(
  runtime: Runtime,
  uri: string,
  view: ServeView,
): Promise<object | undefined> {
  // Nothing is decided from here.
  const database = keepingMarks(internalsOf(runtime).database)
  const told = async (row: ApprovalOfRun) => ({
    runId: row.run_id,
    workflow: row.workflow,
    ...serveApproval(approvalView(row), view),
    context: await approvalContext(database, row),
  })
  if (uri === approvalsUri) return { approvals: await Promise.all((await listPending(database)).map(told)) }
  if (uri.startsWith(`${approvalsUri}/`)) {
    const row = await requireApproval(database, uri.slice(approvalsUri.length + 1))
    return { status: row.status, ...(await told(row)) }
  }
  if (!uri.startsWith(runPrefix)) return
  const id = uri.slice(runPrefix.length)
  return { ...(await serveRun(runtime, id, view)), events: await serveEvents(runtime, id) }
}
