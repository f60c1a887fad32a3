import { ReeveError } from '../../base/errors.ts'
import { parseExactJson } from '../../base/json/exact-json.ts'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { isoText } from '../../base/time/time.ts'
import { whoCould } from '../../governance/history/who-could.ts'
import { actingAs } from '../../server/local-actor.ts'
import type { Cli } from '../cli.ts'
import { toTime } from '../know/to-time.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { withWorkspace } from '../terminal/workspace.ts'

export interface WhoOptions {
  who?: string
  args?: string
  between?: string[]
}

/** Says who could have called a tool between two times. */
export function who(cli: Cli, tool: string, { args, between }: WhoOptions): Promise<ExitCode> {
  return withWorkspace(cli, async ({ database, actor }) => {
    const { at: now } = actingAs(actor, database)
    const { from, until } = rangeOf(between, now)
    const given = argumentsOf(args)
    const found = await whoCould(database, { tool, from, until, ...(given && { args: given }) })
    const { terminal } = cli
    terminal.value({
      tool,
      from: isoText(from),
      until: isoText(until),
      spans: found.spans.map((span) => ({ ...span, from: isoText(span.from), until: isoText(span.until) })),
      unknownBefore: found.unknownBefore.map(({ principal, at }) => ({ principal, at: isoText(at) })),
    })
    for (const { principal, from: begin, until: end, by, grant, isAsked, conditions } of found.spans) {
      const right = by === 'unlimited' ? 'its code named no grants' : `${by} ${safeLine(grant ?? '')}`
      const more = [...conditions, ...(isAsked ? ['a person is asked'] : [])].map(safeLine).join(', ')
      terminal.line(
        `${safeLine(principal)}  ${isoText(begin)} to ${isoText(end)}: ${right}${more === '' ? '' : ` (${more})`}`,
      )
    }
    if (found.spans.length === 0)
      terminal.line(`No agent or workflow that is known could have called ${safeLine(tool)}.`)
    for (const { principal, at } of found.unknownBefore)
      terminal.line(
        `${terminal.colors.yellow('!')} ${safeLine(principal)} was first seen at ${isoText(at)}; what it might before is not known`,
      )
    return exitCodes.done
  })
}

/** @throws `bad-option` */
function rangeOf(between: string[] | undefined, now: number): { from: number; until: number } {
  if (between === undefined) return { from: now, until: now + 1 }
  const [begin, end, ...rest] = between
  if (begin === undefined || end === undefined || rest.length > 0)
    throw new ReeveError('bad-option', '--between takes two times: --between 2026-11-03 2026-11-04T12:00Z')
  const [from, until] = [toTime(begin, '--between'), toTime(end, '--between')]
  if (until > from) return { from, until }
  throw new ReeveError('bad-option', `--between goes from ${begin} to ${end}; the second must be later.`)
}

/** @throws `not-json` `bad-option` */
function argumentsOf(text: string | undefined): Record<string, Json> | undefined {
  if (text === undefined) return undefined
  const value = parseExactJson(text, '--args')
  if (isRecord(value)) return value as Record<string, Json>
  throw new ReeveError('bad-option', `--args is ${text}; write an object: {"amountUsd":80}`)
}
