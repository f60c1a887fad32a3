import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type LineProblem, LineProblems, refuseProblems } from '../line-problems.ts'
import { checkCalls, schemaOfCall } from './check-calls.ts'
import { checkResults, resultOfCall } from './check-results.ts'
import type { Directive } from './directive.ts'
import type { Known } from './known.ts'
import { type DirectiveSource, maxDirectiveBytes, parseDirective } from './parse-directive.ts'

/**
 * The directives of a project's folder `directives/`, all or none.
 * @throws `bad-directive`, which has every problem with its file, its line and how to write it
 */
export async function loadDirectives(folder: string, known: Known): Promise<Directive[]> {
  const { directives, problems } = await lintDirectives(folder, known)
  refuseProblems('bad-directive', problems)
  return directives
}

/** The same, with what is wrong beside what could be read. */
async function lintDirectives(
  folder: string,
  known: Known,
): Promise<{ directives: Directive[]; problems: LineProblem[] }> {
  const { sources, problems } = await readSources(folder)
  const read = await readDirectives(sources, known)
  return { directives: read.directives, problems: [...problems, ...read.problems] }
}

/** Directives from their texts. */
export async function readDirectives(
  sources: readonly DirectiveSource[],
  known: Known,
): Promise<{ directives: Directive[]; problems: LineProblem[] }> {
  const names = sources.map(({ name }) => name)
  const read: { directive: Directive; problems: LineProblems; ofCriteria: LineProblems }[] = []
  for (const source of sources) {
    const problems = new LineProblems(source.file)
    const ofCriteria = new LineProblems(source.file)
    const directive = await parseDirective(source, { ...known, directives: names }, problems, ofCriteria)
    read.push({ directive, problems, ofCriteria })
  }
  const byName = new Map(read.map(({ directive }) => [directive.name, directive]))
  const circles = read.some(({ directive }) => circleFrom(directive, byName) !== undefined)
  for (const { directive, problems, ofCriteria } of read) {
    if (problems.found.length === 0) checkCalls(directive, schemaOfCall(known, byName), problems)
    const circle = circleFrom(directive, byName)
    if (problems.found.length === 0 && !circles)
      checkResults(directive, resultOfCall(known, byName), ofCriteria)
    if (circle)
      problems.add(
        circle.line,
        `directives go round in a circle: ${circle.names.join(' → ')}. Let one of them call a script or a workflow`,
      )
  }
  return {
    directives: read.map(({ directive }) => directive),
    problems: read.flatMap(({ problems, ofCriteria }) =>
      [...problems.found, ...ofCriteria.found].sort((left, right) => left.line - right.line),
    ),
  }
}

async function readSources(folder: string): Promise<{ sources: DirectiveSource[]; problems: LineProblem[] }> {
  const directory = join(folder, 'directives')
  const sources: DirectiveSource[] = []
  const problems: LineProblem[] = []
  if (!existsSync(directory)) return { sources, problems }
  const files = (await readdir(directory)).filter(
    (file) => file.endsWith('.md') && !/^readme\.md$/i.test(file),
  )
  for (const each of files.sort()) {
    const file = `directives/${each}`
    const bytes = await readFile(join(directory, each))
    const refuse = (problem: string) => problems.push({ file, line: 1, problem })
    if (bytes.length > maxDirectiveBytes)
      refuse(
        `it has ${bytes.length} bytes, and ${maxDirectiveBytes} are the most. Keep what a script does in the script`,
      )
    else {
      const text = bytes.toString('utf8')
      // Reading such a line takes the square of its length.
      if (/^(?:[ \t]*>){10}/m.test(text))
        refuse('a line has ten quotations inside of one another. Write it without')
      else if (Buffer.from(text).equals(bytes)) sources.push({ name: basename(each, '.md'), file, text })
      else refuse('it is not UTF-8 text. Save it as UTF-8')
    }
  }
  return { sources, problems }
}

/** The way from a directive back to itself, where there is one. */
function circleFrom(
  start: Directive,
  byName: ReadonlyMap<string, Directive>,
): { line: number; names: string[] } | undefined {
  const seen = new Set<string>()
  const waysFrom = (directive: Directive, names: string[], line: number): ReturnType<typeof circleFrom> => {
    for (const call of directive.does) {
      if (call.kind !== 'directive') continue
      const at = line || call.line
      if (call.name === start.name) return { line: at, names: [...names, call.name] }
      const next = byName.get(call.name)
      if (!next || seen.has(call.name)) continue
      seen.add(call.name)
      const circle = waysFrom(next, [...names, call.name], at)
      if (circle) return circle
    }
    return undefined
  }
  return waysFrom(start, [start.name], 0)
}
