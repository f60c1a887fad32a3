import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { isoText } from '../../base/time/time.ts'
import type { Constraint } from '../../governance/grants/constraints.ts'
import { type Grant, type PreparedGrant, prepareGrants } from '../../governance/grants/grant.ts'
import { effectiveGrants, type GrantChange } from '../../governance/grants/narrowing.ts'
import type { Project } from '../../project/load.ts'
import type { GrantChangeRow } from '../../store/authority/grant-changes.ts'
import type { PrincipalRow, Role } from '../../store/identity/principals.ts'

/** What somebody wants changed of the grants of an agent or workflow. */
export type GrantRequest =
  | { kind: 'suspend'; grant: string; until?: number }
  | { kind: 'expire'; grant: string; at: number }
  | { kind: 'narrow'; grant: string; args: Readonly<Record<string, Constraint>> }
  | { kind: 'exception'; grant: Grant; until: number }

/**
 * A change of grants, checked as a whole before it is kept: that the tool is there, that it says something, and that something
 * is left of what the code and earlier changes allow.
 * @throws `bad-grant` `bad-exception` `grant-without-tool` `contradicting-grants` `role-too-low` `unknown-principal`
 */
export function grantChange(
  project: Pick<Project, 'tools' | 'workflows' | 'config' | 'mcpServers'>,
  principal: string,
  request: GrantRequest,
  of: {
    by: string
    /** Default: a person. */
    kind?: PrincipalRow['kind']
    role: Role
    now: number
    earlier: readonly GrantChangeRow[]
  },
): { change: Json; endsAt?: number } {
  const { by, kind = 'person', role, now, earlier } = of
  if (!/^(agent|workflow):./.test(principal)) {
    throw new ReeveError(
      'unknown-principal',
      `${describeValue(principal)} has no grants: agents and workflows have. Name agent:NAME or workflow:NAME.`,
    )
  }
  if (request.kind === 'exception') {
    if (role !== 'owner') {
      throw new ReeveError(
        'role-too-low',
        `${by} is ${role}, and an exception adds to what the code grants: that needs the role owner. Nothing was changed.`,
      )
    }
    const change = { kind: 'exception', from: now, until: request.until, grant: request.grant } as const
    refuseAbsentTool(project, request.grant)
    effectiveGrants([], [{ ...change, by: { id: by, kind, role: 'owner' } }], now)
    return { change: change as unknown as Json, endsAt: request.until }
  }
  const ends = request.kind === 'suspend' ? request.until : request.kind === 'expire' ? request.at : undefined
  if (ends !== undefined && !(ends > now)) {
    throw new ReeveError(
      'bad-grant',
      `The change would end at ${isoText(ends)}, which is over. Give a time that is still to come. Nothing was changed.`,
    )
  }
  if (request.kind === 'narrow') refuseContradiction(project, principal, request, earlier)
  const change: Exclude<GrantChange, { kind: 'exception' }> =
    request.kind === 'expire' ? request : { ...request, from: now }
  return {
    change: change as unknown as Json,
    ...(request.kind === 'suspend' && ends !== undefined && { endsAt: ends }),
  }
}

/** Of tools of an MCP server only the server's name is known. @throws `grant-without-tool` `bad-grant` */
function refuseAbsentTool(
  { tools, config, mcpServers }: Pick<Project, 'tools' | 'config' | 'mcpServers'>,
  grant: Grant,
): void {
  const servers = [...Object.keys(config.mcp ?? {}), ...mcpServers.map(({ name }) => name)]
  const isOfServer = servers.some((name) => String(grant.tool).startsWith(`${name}.`))
  prepareGrants([grant], isOfServer ? undefined : tools.map(({ name }) => name))
}

/** @throws `bad-grant` `contradicting-grants` */
function refuseContradiction(
  { workflows }: Pick<Project, 'workflows'>,
  principal: string,
  { grant, args }: Extract<GrantRequest, { kind: 'narrow' }>,
  earlier: readonly GrantChangeRow[],
): void {
  prepareGrants([{ tool: '*', args }])
  if (Object.keys(args).length === 0) {
    throw new ReeveError(
      'bad-grant',
      'The change narrows nothing: name at least one argument. Nothing was changed.',
    )
  }
  const code = workflows.find(({ name }) => `workflow:${name}` === principal)?.grants as
    | readonly PreparedGrant[]
    | undefined
  const before = [
    ...(code ?? []).filter(({ id }) => id === grant).map(({ source }) => source.args ?? {}),
    ...earlier
      .map(({ change }) => JSON.parse(change) as GrantChange)
      .flatMap((change) => (change.kind === 'narrow' && change.grant === grant ? [change.args] : [])),
  ]
  for (const [argument, constraint] of Object.entries(args)) {
    const other = before
      .map((each) => each[argument])
      .find((each) => each !== undefined && isApart(each, constraint))
    if (other === undefined) continue
    throw new ReeveError(
      'contradicting-grants',
      `${argument} would have to be ${describeValue(constraint)} and, as before, ${describeValue(other)}: no value is both. To forbid such calls, suspend the grant. Nothing was changed.`,
    )
  }
}

/** Whether surely no value fits both. */
function isApart(one: Constraint, other: Constraint): boolean {
  const [values, others] = [valuesOf(one), valuesOf(other)]
  if (values && others) return !values.some((value) => others.includes(value))
  const [range, beyond] = [rangeOf(one), rangeOf(other)]
  if (range && beyond) return range.min > beyond.max || beyond.min > range.max
  const [some, within] = [values ?? others, range ?? beyond]
  return (
    some !== undefined &&
    within !== undefined &&
    !some.some((value) => Number(value) >= within.min && Number(value) <= within.max)
  )
}

function valuesOf(constraint: Constraint): readonly unknown[] | undefined {
  if (Array.isArray(constraint)) return constraint
  return typeof constraint === 'object' ? undefined : [constraint]
}

function rangeOf(constraint: Constraint): { min: number; max: number } | undefined {
  if (typeof constraint !== 'object' || Array.isArray(constraint)) return undefined
  const { min = -Infinity, max = Infinity } = constraint as { min?: number; max?: number }
  return 'min' in constraint || 'max' in constraint ? { min, max } : undefined
}
