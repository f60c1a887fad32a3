import { listRunPage } from '../../reeve/src/inspect/lists/run-list.ts'
import { internalsOf } from '../../reeve/src/runtime/runtime.ts'
import { approvalsOf } from '../../reeve/src/store/approvals/approvals.ts'
import { readNewest } from '../../reeve/src/store/memory/items.ts'
import { listProposals } from '../../reeve/src/store/proposals/proposals.ts'
import { requireRun } from '../../reeve/src/store/runs/runs.ts'
import type { Stage } from './stage.ts'

/** Pages that are there with nothing, too. */
const fixed = {
  today: '/',
  inbox: '/inbox',
  runs: '/runs',
  workflows: '/workflows',
  workflow: '/workflows/weekly-report',
  costs: '/costs',
  ledger: '/ledger',
  goals: '/goals',
  goal: '/goals/cheap-answers',
  directives: '/directives',
  directive: '/directives/publish-article',
  unmet: '/directives/reconcile-payments',
  scripts: '/scripts',
  script: '/scripts/make_post',
  quality: '/quality',
  failures: '/failures',
  evals: '/evals',
  eval: '/evals/eval-4',
  changes: '/changes',
  agents: '/agents',
  agent: '/agents/clerk',
  memory: '/memory',
  found: '/memory?text=when+is+Jonas+at+home',
  system: '/system',
  connectors: '/system/connectors',
  people: '/system/people',
  secrets: '/system/secrets',
  storage: '/system/storage',
  more: '/more',
}

/** Every page of the dashboard by a name, with those of one run, one change and one item where the stage has such a thing. */
export async function pathsOf(stage: Stage): Promise<Record<string, string>> {
  const { database } = internalsOf(stage.runtime)
  const { runs } = await listRunPage(database, { status: 'waiting', workflow: 'support-triage', limit: 2 })
  // The newest is of somebody hostile.
  const one = runs.at(-1)
  const asked = one && (await approvalsOf(database, (await requireRun(database, one.id)).no))[0]
  const proposals = await listProposals(database, { status: 'open', limit: 20 })
  const [item] = await readNewest(database, { kind: 'preference' }, 1)
  return {
    ...fixed,
    ...Object.fromEntries(proposals.map(({ kind, id }) => [`change-${kind}`, `/changes/${id}`]).reverse()),
    ...(item && { item: `/memory/item?id=${encodeURIComponent(item.id)}` }),
    ...(one && {
      letter: `/inbox?item=${asked?.id}`,
      run: `/runs/${one.id}`,
      graph: `/runs/${one.id}?view=graph`,
      events: `/runs/${one.id}?view=events`,
      compare: `/runs/${one.id}/compare?with=${runs[0]!.id}`,
    }),
  }
}
