import { ReeveError } from '../../base/errors.ts'
import { createIds } from '../../base/ids.ts'
import { parseExactJson } from '../../base/json/exact-json.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { type Duration, isoText, moment, toMs } from '../../base/time/time.ts'
import type { Constraint } from '../../governance/grants/constraints.ts'
import { loadProject } from '../../project/load.ts'
import { type GrantRequest, grantChange } from '../../server/auth/grant-request.ts'
import { actingAs, refuseLowRole } from '../../server/local-actor.ts'
import { addGrantChange, openGrantChanges, undoGrantChange } from '../../store/authority/grant-changes.ts'
import { listSwitches, setSwitch, switchName } from '../../store/authority/switches.ts'
import { pauseAll, resumeAll } from '../../store/dispatch/queues/pause-all.ts'
import { removePrincipal, revokeActing } from '../../store/identity/principals.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { type Workspace, withChangeableWorkspace, withWorkspace } from '../terminal/workspace.ts'
import { type WhoOptions, who } from './who.ts'

interface Why {
  why?: string
}

/**
 * Lists what the database takes from, or adds to, the grants in code, and the switches; `back ID` takes a change back; `--who`
 * tells who could have called a tool between two times.
 */
export function grants(cli: Cli, options: WhoOptions, action?: string, id?: string): Promise<ExitCode> {
  if (options.who !== undefined) return who(cli, options.who, options)
  if (action !== undefined && (action !== 'back' || id === undefined))
    throw new ReeveError('bad-option', 'Write: reeve grants, or reeve grants back ID.')
  return withWorkspace(cli, async ({ database, actor }) => {
    if (id !== undefined) {
      refuseLowRole(actor, 'owner')
      const acting = actingAs(actor, database)
      const row = await database.transaction((session) => undoGrantChange(session, id, acting))
      cli.terminal.value({ id, principal: row.principal, undone: true })
      cli.terminal.line(`the change ${id} of ${safeLine(row.principal)} is revoked`)
      return exitCodes.done
    }
    const changes = await openGrantChanges(database, actingAs(actor, database).at)
    const switches = await listSwitches(database)
    cli.terminal.value({
      changes: changes.map((row) => ({
        id: row.id,
        principal: row.principal,
        change: JSON.parse(row.change) as unknown,
        why: row.why,
        by: row.made_by,
        at: isoText(row.made_at),
        endsAt: row.ends_at === null ? null : isoText(row.ends_at),
      })),
      switches: switches.map(({ agent, tool, connector, mode, why, set_by, set_at }) => ({
        agent: agent || null,
        tool: tool || null,
        connector: connector || null,
        mode,
        why,
        by: set_by,
        at: isoText(set_at),
      })),
    })
    for (const row of changes) {
      const until = row.ends_at === null ? '' : ` until ${moment(row.ends_at)}`
      cli.terminal.line(
        `${row.id}  ${safeLine(row.principal)}: ${safeLine(row.change)}${until}, by ${safeLine(row.made_by)}`,
      )
    }
    for (const row of switches)
      cli.terminal.line(`${safeLine(switchName(row))} is ${row.mode}, by ${safeLine(row.set_by)}`)
    if (changes.length + switches.length === 0)
      cli.terminal.line('The grants in code hold as they are, and nothing is switched.')
    return exitCodes.done
  })
}

/** Lets an agent or workflow call a tool for a time, beyond what its code grants. */
export function grant(
  cli: Cli,
  options: Why & { for: string; args?: string; account?: string },
  principal: string,
  tool: string,
): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async (workspace) => {
    const args = constraintsOf(options.args)
    const given = {
      tool,
      ...(args && { args }),
      ...(options.account !== undefined && { account: options.account }),
    }
    const lasts = toMs(options.for as Duration, '--for')
    return change(
      cli,
      workspace,
      principal,
      (now) => ({ kind: 'exception', grant: given, until: now + lasts }),
      options,
    )
  })
}

/** Takes rights away: a grant, or a part of it, or with none named everything that the principal may do. */
export function revoke(
  cli: Cli,
  options: Why & { for?: string; in?: string; narrow?: string },
  principal: string,
  grantId?: string,
): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async (workspace) => {
    if (grantId !== undefined)
      return change(cli, workspace, principal, (now) => taken(options, grantId, now), options)
    const { database, actor } = workspace
    const acting = actingAs(actor, database, options.why)
    const isActing = /^(agent|workflow):/.test(principal)
    if (!isActing) refuseLowRole(actor, 'owner')
    await database.transaction((session) =>
      isActing ? revokeActing(session, principal, acting) : removePrincipal(session, principal, acting),
    )
    cli.terminal.value({ principal, revoked: true })
    cli.terminal.line(`${safeLine(principal)} is revoked: whatever runs for it stops at its next call`)
    return exitCodes.done
  })
}

function taken(
  options: { for?: string; in?: string; narrow?: string },
  id: string,
  now: number,
): GrantRequest {
  const ms = (text: string, option: string) => now + toMs(text as Duration, option)
  if (options.narrow !== undefined)
    return { kind: 'narrow', grant: id, args: constraintsOf(options.narrow) ?? {} }
  if (options.in !== undefined) return { kind: 'expire', grant: id, at: ms(options.in, '--in') }
  return { kind: 'suspend', grant: id, ...(options.for !== undefined && { until: ms(options.for, '--for') }) }
}

/** @throws `not-json` `bad-grant` */
function constraintsOf(text: string | undefined): Record<string, Constraint> | undefined {
  if (text === undefined) return undefined
  const value = parseExactJson(text, 'The constraints')
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, Constraint>
  throw new ReeveError('bad-grant', `The constraints are ${text}; write an object: {"amountUsd":{"max":100}}`)
}

async function change(
  cli: Cli,
  { database, actor, folder }: Workspace,
  principal: string,
  request: (now: number) => GrantRequest,
  { why }: Why,
): Promise<ExitCode> {
  const project = await loadProject(folder)
  const acting = actingAs(actor, database, why)
  const id = createIds(() => acting.at)()
  const made = await database.transaction(async (session) => {
    const earlier = await openGrantChanges(session, acting.at, principal)
    const of = { by: actor.principal, role: actor.role, now: acting.at, earlier }
    const checked = grantChange(project, principal, request(acting.at), of)
    await addGrantChange(session, { id, principal, ...checked }, acting)
    return checked
  })
  cli.terminal.value({
    id,
    principal,
    change: made.change,
    endsAt: made.endsAt === undefined ? null : isoText(made.endsAt),
  })
  cli.terminal.line(
    `${id}: the grants of ${safeLine(principal)} are changed; take it back with: ${cli.command('grants', 'back', id)}`,
  )
  return exitCodes.done
}

/** Sets calls off, to ask, or as the code has them: of an agent, a tool, a connector, or all. */
export function switchCalls(
  cli: Cli,
  options: Why & { agent?: string; tool?: string; connector?: string },
  mode: string,
): Promise<ExitCode> {
  if (mode !== 'off' && mode !== 'ask' && mode !== 'allow')
    throw new ReeveError('bad-option', `"${mode}" is not a mode of a switch. Write off, ask or allow.`)
  return withChangeableWorkspace(cli, async ({ database, actor }) => {
    if (mode === 'allow') refuseLowRole(actor, 'owner')
    const place = {
      ...(options.agent !== undefined && { agent: options.agent }),
      ...(options.tool !== undefined && { tool: options.tool }),
      ...(options.connector !== undefined && { connector: options.connector }),
    }
    const acting = actingAs(actor, database, options.why)
    const before = await database.transaction((session) => setSwitch(session, place, mode, acting))
    cli.terminal.value({ ...place, mode, before })
    cli.terminal.line(`${safeLine(switchName(place))} is ${mode} from the next call on; before: ${before}`)
    return exitCodes.done
  })
}

export function pauseEverything(cli: Cli, { why }: Why): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async ({ database, actor }) => {
    const queues = await database.transaction((session) => pauseAll(session, actingAs(actor, database, why)))
    cli.terminal.value({ paused: true, queues })
    cli.terminal.line(
      `everything is paused: calls in progress finish, no run starts or continues. Resume with: ${cli.command('resume-all')}`,
    )
    return exitCodes.done
  })
}

export function resumeEverything(cli: Cli): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async ({ database, actor }) => {
    const queues = await database.transaction((session) => resumeAll(session, actingAs(actor, database)))
    cli.terminal.value({ paused: false, queues })
    cli.terminal.line('everything is resumed, except queues that were paused before')
    return exitCodes.done
  })
}
