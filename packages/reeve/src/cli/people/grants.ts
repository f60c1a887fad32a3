import { ReeveError } from '../../base/errors.ts'
import { parseExactJson } from '../../base/json/exact-json.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { type Duration, moment, toMs } from '../../base/time/time.ts'
import type { Constraint } from '../../governance/grants/constraints.ts'
import { grantChangeView } from '../../inspect/authority/grant-change-view.ts'
import type { GrantRequest } from '../../server/auth/grant-request.ts'
import { switchName } from '../../store/authority/switches.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import type { SwitchedPlace, SwitchLine } from './rights-backend.ts'
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
  return withBackend(cli, async ({ rights }) => {
    if (id !== undefined) {
      const principal = await rights.undoChange(id)
      cli.terminal.value({ id, principal, undone: true })
      cli.terminal.line(`the change ${id} of ${safeLine(principal)} is revoked`)
      return exitCodes.done
    }
    const switches = await rights.switches()
    const changes = (await rights.changes()).map((row) => ({
      ...row,
      change: grantChangeView(row.change as object),
    }))
    cli.terminal.value({ changes, switches })
    for (const row of changes) {
      const until = row.endsAt === null ? '' : ` until ${moment(Date.parse(row.endsAt))}`
      cli.terminal.line(
        `${row.id}  ${safeLine(row.principal)}: ${safeLine(JSON.stringify(row.change))}${until}, by ${safeLine(row.by)}`,
      )
    }
    for (const row of switches)
      cli.terminal.line(`${safeLine(nameOf(row))} is ${row.mode}, by ${safeLine(row.by)}`)
    if (changes.length + switches.length === 0)
      cli.terminal.line('The grants in code hold as they are, and nothing is switched.')
    return exitCodes.done
  })
}

function nameOf({ agent, tool, connector }: SwitchLine): string {
  return switchName({ agent: agent ?? '', tool: tool ?? '', connector: connector ?? '' })
}

/** Lets an agent or workflow call a tool for a time, beyond what its code grants. */
export function grant(
  cli: Cli,
  options: Why & { for: string; args?: string; account?: string },
  principal: string,
  tool: string,
): Promise<ExitCode> {
  const args = constraintsOf(options.args)
  const given = {
    tool,
    ...(args && { args }),
    ...(options.account !== undefined && { account: options.account }),
  }
  const lasts = toMs(options.for as Duration, '--for')
  return change(cli, principal, (now) => ({ kind: 'exception', grant: given, until: now + lasts }), options)
}

/** Takes rights away: a grant, or a part of it, or with none named everything that the principal may do. */
export function revoke(
  cli: Cli,
  options: Why & { for?: string; in?: string; narrow?: string },
  principal: string,
  grantId?: string,
): Promise<ExitCode> {
  if (grantId !== undefined) return change(cli, principal, (now) => taken(options, grantId, now), options)
  return withBackend(cli, async ({ rights }) => {
    await rights.revoke(principal, options.why)
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

function change(
  cli: Cli,
  principal: string,
  request: (now: number) => GrantRequest,
  { why }: Why,
): Promise<ExitCode> {
  return withBackend(cli, async ({ rights }) => {
    const made = await rights.change(principal, request, why)
    cli.terminal.value({
      id: made.id,
      principal,
      change: grantChangeView(made.change as object),
      endsAt: made.endsAt,
    })
    cli.terminal.line(
      `${made.id}: the grants of ${safeLine(principal)} are changed; take it back with: ${cli.command('grants', 'back', made.id)}`,
    )
    return exitCodes.done
  })
}

/** Sets calls off, to ask, or as the code has them: of an agent, a tool, a connector, or all. */
export function switchCalls(
  cli: Cli,
  { why, ...options }: Why & SwitchedPlace,
  mode: string,
): Promise<ExitCode> {
  if (mode !== 'off' && mode !== 'ask' && mode !== 'allow')
    throw new ReeveError('bad-option', `"${mode}" is not a mode of a switch. Write off, ask or allow.`)
  const place = {
    ...(options.agent !== undefined && { agent: options.agent }),
    ...(options.tool !== undefined && { tool: options.tool }),
    ...(options.connector !== undefined && { connector: options.connector }),
  }
  return withBackend(cli, async ({ rights }) => {
    const before = await rights.switchCalls(place, mode, why)
    cli.terminal.value({ ...place, mode, before })
    cli.terminal.line(`${safeLine(switchName(place))} is ${mode} from the next call on; before: ${before}`)
    return exitCodes.done
  })
}

export function pauseEverything(cli: Cli, { why }: Why): Promise<ExitCode> {
  return withBackend(cli, async ({ rights }) => {
    const queues = await rights.pauseEverything(why)
    cli.terminal.value({ paused: true, queues })
    cli.terminal.line(
      `everything is paused: calls in progress finish, no run starts or continues. Resume with: ${cli.command('resume-all')}`,
    )
    return exitCodes.done
  })
}

export function resumeEverything(cli: Cli): Promise<ExitCode> {
  return withBackend(cli, async ({ rights }) => {
    const queues = await rights.resumeEverything()
    cli.terminal.value({ paused: false, queues })
    cli.terminal.line(
      queues.length > 0
        ? 'everything is resumed, except queues that were paused before'
        : 'no queue was held by pause-all: nothing changes',
    )
    return exitCodes.done
  })
}
