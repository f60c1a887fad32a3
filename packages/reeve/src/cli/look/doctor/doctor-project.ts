import { readEnvironment } from '../../../base/config.ts'
import type { Finding } from '../../../inspect/health/checks/finding.ts'
import { unknownInBudgets } from '../../../project/tools.ts'
import { internalsOf, type Runtime } from '../../../runtime/runtime.ts'
import type { Cli } from '../../cli.ts'
import { withRuntime } from '../../terminal/project-runtime.ts'
import { checkSecrets } from './doctor-secrets.ts'
import { withCommand } from './with-command.ts'

/** Loads the project as a worker would, without driving anything. */
export async function checkProject(
  cli: Cli,
  folder: string,
  note: (finding: Finding) => void,
): Promise<void> {
  await withRuntime(cli, async (runtime) => {
    const workflows = runtime.workflowNames
    const found = `${folder}, ${workflows.length === 1 ? '1 workflow' : `${workflows.length} workflows`}: ${workflows.join(', ')}`
    if (workflows.length > 0) note({ what: 'project', state: 'ok', found })
    else
      note({
        what: 'project',
        state: 'warning',
        found: folder,
        advice: 'It has no workflow yet: add a file to workflows/.',
      })
    for (const finding of routesOf(runtime)) note(finding)
    for (const found of unknownInBudgets(runtime.project))
      note({
        what: 'budgets',
        state: 'warning',
        found,
        advice: 'Correct the name in reeve.config.ts: a budget of a name that nothing has limits nothing.',
      })
    for (const finding of lettersOf(runtime)) note(finding)
    const ungranted = grantsOf(runtime)
    if (ungranted) note(ungranted)
    note(await knowledgeOf(runtime))
    for (const finding of await checkSecrets(runtime)) note(withCommand(cli, finding))
  })
}

function routesOf(runtime: Runtime): Finding[] {
  return [...internalsOf(runtime).routes].map(([name, { solvers }]) => {
    const lost = runtime.unusableSolvers.filter(({ route }) => route === name)
    const usable = solvers.filter((solver) => !lost.some((one) => one.solver === solver.name))
    const listed = usable.map((solver) => `${solver.name} (${solver.kind})`).join(', then ')
    const reasons = lost.map(({ solver, error }) => `${solver} is left out: ${error.message}`)
    const found = [`${name}: ${listed || 'no solver can be asked'}`, ...reasons].join('\n')
    if (usable.length === 0) {
      const advice = 'Set a key, or add a local solver to the route in reeve.config.ts.'
      return { what: 'route', state: 'error', found, advice }
    }
    return { what: 'route', state: lost.length > 0 ? 'warning' : 'ok', found }
  })
}

/** Connections that bring requests by letter, and take no reply. */
function lettersOf(runtime: Runtime): Finding[] {
  return internalsOf(runtime).approvalLoops.closed.map(({ connection, why }) => ({
    what: 'approvals',
    state: 'warning',
    found: `letters of "${connection}" are not decided by reply: ${why}`,
    advice: 'They have a link alone. To decide by reply: docs/approvals.md',
  }))
}

/** Agents whose code does not say what they may do: each of their tools, with any arguments. */
function grantsOf({ project }: Runtime): Finding | undefined {
  const without = project.agents.filter(({ hasGrants }) => !hasGrants).map(({ name }) => name)
  if (without.length === 0) return undefined
  return {
    what: 'grants',
    state: 'warning',
    found: `${without.length === 1 ? 'an agent has' : 'agents have'} no grants: ${without.join(', ')}`,
    advice:
      'Without grants an agent may call each of its tools with any arguments. Give it `grants`: docs/governance.md',
  }
}

async function knowledgeOf(runtime: Runtime): Promise<Finding> {
  const ingested = await runtime.readKnowledge()
  const problems = ingested.flatMap((report) => report.problems)
  const last = ingested.at(-1)
  const counted = last ? `${last.documents} documents, ${last.passages} passages` : 'none'
  if (problems.length === 0) return { what: 'knowledge', state: 'ok', found: counted }
  const shown = problems.slice(0, 5).map(({ where, problem }) => `${where}: ${problem}`)
  const found = [counted, `${problems.length} problems:`, ...shown].join('\n')
  return { what: 'knowledge', state: 'warning', found, advice: 'Mend these files; the rest is used.' }
}

export function checkKeys(folder: string): Finding {
  const { keys } = readEnvironment(folder)
  const found = Object.entries(keys).flatMap(([name, value]) => (value ? [name] : []))
  return { what: 'keys', state: 'ok', found: found.join(', ') || 'none: local solvers answer' }
}
