import { isIP } from 'node:net'
import { join } from 'node:path'
import { readVariables } from '../../base/config.ts'
import { messageOf } from '../../base/errors.ts'
import { BoundedChild } from '../../base/process/bounded-child.ts'
import { lastCharacters } from '../../base/text/shorten.ts'
import { Jail } from '../../tools/files/jail.ts'
import { JailedFiles } from '../../tools/files/jailed-files.ts'
import { HttpClient } from '../../tools/http/http-client.ts'
import { fill, inPath, inUrl, type Scope, valueAt } from '../fill-template.ts'
import type { CriterionCheck } from './criterion.ts'
import { type Outcome, textOutcome, unmet } from './outcome.ts'

type Of<Kind extends CriterionCheck['kind']> = Extract<CriterionCheck, { kind: Kind }>

const commandTimeoutMs = 60_000
const maxBytes = 4_194_304

/** Asks through the one door to other hosts; the host is the one that the directive writes out. */
export async function checkHttp(check: Of<'http'>, scope: Scope, signal: AbortSignal): Promise<Outcome> {
  const url = fill(check.url, scope, inUrl)
  if (!url.ok) return unmet(url.problem)
  const { host, hostname } = new URL(url.text)
  // A name of this machine or an address that the operator wrote there himself.
  const isNear = isIP(hostname.replace(/^\[|\]$/g, '')) > 0 || !hostname.includes('.')
  const client = new HttpClient({
    allow: isNear ? [] : [host],
    allowPrivate: isNear ? [host] : [],
    methods: [check.method],
    contentTypes: ['*'],
    maxBytes,
  })
  const answer = await client.request({ url: url.text, method: check.method, signal })
  if (answer.status !== check.status) return unmet(`${url.text} answered ${answer.status}`)
  return textOutcome(answer.text, check, scope, `${url.text} answered ${answer.status}`)
}

export async function checkFile(check: Of<'file'>, scope: Scope, project: string): Promise<Outcome> {
  const path = fill(check.path, scope, inPath)
  if (!path.ok) return unmet(path.problem)
  let content: Buffer | undefined
  try {
    content = await new JailedFiles(new Jail(project), maxBytes, 1).read(path.text.replace(/^\.\//, ''))
  } catch (error) {
    if (!/it is not there/.test(messageOf(error))) return unmet(messageOf(error))
  }
  if (!content) return { met: !check.exists, seen: `${path.text} is not there` }
  if (!check.exists) return unmet(`${path.text} is there`)
  return textOutcome(content.toString('utf8'), check, scope, `${path.text} has ${content.length} bytes`)
}

/** No shell: each word is one argument, and no value becomes an option. */
export async function checkCommand(
  check: Of<'command'>,
  scope: Scope,
  project: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const argv: string[] = []
  for (const template of check.argv) {
    const [first] = template.parts
    const startsWithValue = typeof first !== 'string'
    const word = fill(template, scope, (text) => (text.includes('\0') ? undefined : text))
    if (!word.ok) return unmet(word.problem)
    if (startsWithValue && word.text.startsWith('-'))
      return unmet(`${template.source} begins with "-", which the program could take for an option`)
    argv.push(word.text)
  }
  const [program, ...args] = argv as [string, ...string[]]
  const { PATH = '/usr/local/bin:/usr/bin:/bin' } = readVariables()
  const child = await BoundedChild.start({
    file: program.includes('/') && !program.startsWith('/') ? join(project, program) : program,
    args,
    env: { PATH, HOME: project, LANG: 'C.UTF-8' },
    cwd: project,
    timeoutMs: commandTimeoutMs,
    maxOutputBytes: maxBytes,
    signal,
  })
  child.write('')
  const end = await child.ended
  const said = lastCharacters(`${end.stdout.toString('utf8')}${end.stderr.toString('utf8')}`.trim(), 300)
  const how =
    end.cause === 'timeout' ? 'ran too long' : end.cause === 'output' ? 'printed too much' : undefined
  if (how) return unmet(`${program} ${how} and was ended`)
  if (end.exitCode !== check.exitCode)
    return unmet(`${program} exited ${end.exitCode ?? `by ${end.signal}`}${said ? `: ${said}` : ''}`)
  return textOutcome(end.stdout.toString('utf8'), check, scope, `${program} exited ${end.exitCode}`)
}

/** What is bound in a query; undefined: a value that no database knows. */
export function boundParameters(check: Of<'sql'>, scope: Scope): (null | number | string)[] | string {
  const bound: (null | number | string)[] = []
  for (const { source, parts } of check.parameters) {
    const value = valueAt(parts[0] as { path: string[] }, scope)
    if (value === undefined) return `${source} has no value`
    if (typeof value === 'object' && value !== null) return `${source} is not a text, number or boolean`
    bound.push(typeof value === 'boolean' ? Number(value) : value)
  }
  return bound
}
