import { ReeveError } from '../../base/errors.ts'
import { parseExactJson } from '../../base/json/exact-json.ts'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { isoText, systemClock } from '../../base/time/time.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { toTime } from '../know/to-time.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'

export interface WhoOptions {
  who?: string
  args?: string
  between?: string[]
}

/** Says who could have called a tool between two times. */
export function who(cli: Cli, tool: string, { args, between }: WhoOptions): Promise<ExitCode> {
  const given = argumentsOf(args)
  return withBackend(cli, async (backend) => {
    const now = (backend.workspace?.database.clock ?? systemClock).now()
    const { from, until } = rangeOf(between, now)
    const found = await backend.rights.whoCould({ tool, args: given, from, until })
    const { terminal } = cli
    terminal.value({ tool, from: isoText(from), until: isoText(until), ...found })
    for (const { principal, from: begin, until: end, by, grant, isAsked, conditions } of found.spans) {
      const right = by === 'unlimited' ? 'its code named no grants' : `${by} ${safeLine(grant ?? '')}`
      const more = [...conditions, ...(isAsked ? ['a person is asked'] : [])].map(safeLine).join(', ')
      terminal.line(`${safeLine(principal)}  ${begin} to ${end}: ${right}${more === '' ? '' : ` (${more})`}`)
    }
    if (found.spans.length === 0)
      terminal.line(`No agent or workflow that is known could have called ${safeLine(tool)}.`)
    for (const { principal, at } of found.unknownBefore)
      terminal.line(
        `${terminal.colors.yellow('!')} ${safeLine(principal)} was first seen at ${at}; what it might before is not known`,
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
