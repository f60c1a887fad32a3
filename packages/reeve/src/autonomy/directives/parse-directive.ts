import { sha256 } from '../../base/hash.ts'
import { canonical } from '../../base/json/json.ts'
import { nameAdvice, nearestName } from '../../base/text/nearest-name.ts'
import { criterionForms, readCriterion } from '../criteria/read-criterion.ts'
import { inputsSchema } from '../inputs/input.ts'
import { inputExample, readInput } from '../inputs/read-input.ts'
import type { LineProblems } from '../line-problems.ts'
import type { Directive } from './directive.ts'
import type { Known } from './known.ts'
import { type Outline, type OutlineItem, type OutlineSection, outlineOf } from './outline.ts'
import { readTools } from './read-calls.ts'

/** The sections that every directive has, and how each is written. */
const sections = {
  Goal: 'one or more sentences on what is to be reached',
  Inputs: inputExample,
  Tools: '- scripts/publish.py --topic {topic}',
  'Success Criteria': criterionForms[0],
  'Known Failure Modes': '- none yet',
} as const
type SectionName = keyof typeof sections
const sectionNames = Object.keys(sections) as SectionName[]

export const maxDirectiveBytes = 32_768

export interface DirectiveSource {
  /** The name of the file without its ending. */
  name: string
  /** Relative to the project. */
  file: string
  text: string
}

/**
 * Reads one directive; what is wrong is added to `problems`, of its criteria to `ofCriteria`, and what can be read is given all the same.
 */
export async function parseDirective(
  { name, file, text }: DirectiveSource,
  known: Known & { directives: readonly string[] },
  problems: LineProblems,
  ofCriteria: LineProblems,
): Promise<Directive> {
  checkName(name, problems)
  const outline = await outlineOf(text)
  const found = sectionsOf(outline, problems)
  const goal = found.Goal ? goalOf(found.Goal, problems) : ''
  const inputs = (found.Inputs ? listed(found.Inputs, problems) : []).flatMap(({ text: item, line }) => {
    const input = readInput(item)
    if (typeof input !== 'string') return [input]
    problems.add(line, input)
    return []
  })
  const names = inputs.map((input) => input.name)
  const twice = names.find((each, index) => names.indexOf(each) !== index)
  if (twice !== undefined)
    problems.add(found.Inputs!.line, `there are two inputs called ${twice}. Rename one`)
  if (names.includes('output'))
    problems.add(found.Inputs!.line, '"output" is what the last call gives. Rename this input')
  const { does, tools, isClosed } = readTools(
    found.Tools ? listed(found.Tools, problems) : [],
    known,
    problems,
  )
  if (found.Tools && does.length === 0 && problems.found.length === 0)
    problems.add(found.Tools.line, `it names nothing that does the work. Write: ${sections.Tools}`)
  const criteria = (found['Success Criteria']?.items ?? []).flatMap(({ text: item, line }) => {
    const criterion = readCriterion(item, line)
    if (typeof criterion !== 'string') return [criterion]
    ofCriteria.add(line, criterion)
    return []
  })
  const wanting = found['Success Criteria']
  if (wanting && wanting.items.length === 0)
    ofCriteria.add(
      wanting.line,
      `a directive without a criterion is never done. Write one, such as: ${criterionForms[0]}`,
    )
  for (const { check, line } of criteria) {
    if (check.kind !== 'judge' || known.routes.includes(check.route)) continue
    ofCriteria.add(line, `there is no route "${check.route}". ${routesAdvice(check.route, known.routes)}`)
  }
  // Criteria that ask by a tool of the project may call it.
  const asking = criteria.flatMap(({ check, line }) => {
    if (check.kind !== 'sql' || check.source.includes('/') || /\.(?:db|sqlite3?)$/.test(check.source))
      return []
    const asked = known.tools.find((tool) => tool.name === check.source)
    if (asked && (asked.effect ?? 'read') === 'read') return [check.source]
    if (asked) {
      ofCriteria.add(
        line,
        `the tool "${check.source}" changes something (${asked.effect}), and a criterion only looks. Name one that reads`,
      )
      return []
    }
    const advice = nameAdvice(
      check.source,
      known.tools.map((tool) => tool.name),
    )
    ofCriteria.add(line, `"${check.source}" is neither a file that ends in .db nor a tool. ${advice}`)
    return []
  })
  const allTools = [...new Set([...tools, ...asking])]
  const failureModes = notNone(found['Known Failure Modes']?.items ?? []).map((item) => item.text)
  const schema = inputsSchema(inputs)
  const parts = {
    goal,
    inputs: schema,
    does: withoutLines(does),
    tools: allTools,
    isClosed,
    criteria: withoutLines(criteria),
  }
  return {
    name,
    title: outline.title?.replace(/^directive\s*:\s*/i, '') ?? name,
    goal,
    inputs,
    does,
    tools: allTools,
    isClosed,
    criteria,
    failureModes,
    file,
    hash: sha256(text),
    version: sha256(canonical(JSON.parse(JSON.stringify(parts)))).slice(0, 16),
    text,
    schema,
  }
}

function checkName(name: string, problems: LineProblems): void {
  if (/^[A-Za-z][\w-]{0,99}$/.test(name)) return
  problems.add(
    1,
    `"${name}" is not a name for a directive. Name its file with letters, digits, "-" and "_": publish_blog_post.md`,
  )
}

function sectionsOf(outline: Outline, problems: LineProblems): Partial<Record<SectionName, OutlineSection>> {
  const found: Partial<Record<SectionName, OutlineSection>> = {}
  const others: OutlineSection[] = []
  for (const section of outline.sections) {
    const name = sectionNames.find(
      (each) => each.toLowerCase() === section.title.replace(/:$/, '').toLowerCase(),
    )
    if (name === undefined) others.push(section)
    else if (found[name]) problems.add(section.line, `there are two sections "${name}". Make one of them`)
    else found[name] = section
  }
  const missing = sectionNames.filter((name) => !found[name])
  for (const name of missing) {
    const alike = others.find(({ title }) => nearestName(title, [name]) !== undefined)
    problems.add(
      alike?.line ?? outline.titleLine,
      alike
        ? `"${alike.title}" is not a section. Did you mean: ## ${name}`
        : `the section "${name}" is missing. Add:\n    ## ${name}\n    ${sections[name]}`,
    )
  }
  return found
}

function goalOf({ prose, items, line }: OutlineSection, problems: LineProblems): string {
  const goal = [prose, ...items.map(({ text }) => `- ${text}`)].filter((each) => each !== '').join('\n')
  if (goal === '') problems.add(line, `the goal is empty. Write ${sections.Goal}`)
  return goal
}

/** Lines that are no items would be read over. */
function listed(section: OutlineSection, problems: LineProblems): OutlineItem[] {
  if (section.prose !== '' && section.items.length === 0 && !/^none\.?$/i.test(section.prose))
    problems.add(
      section.line,
      `"${section.title}" is a list. Write: ${sections[section.title as SectionName] ?? '- …'}`,
    )
  return notNone(section.items)
}

function notNone(items: readonly OutlineItem[]): OutlineItem[] {
  return items.filter(({ text }) => !/^none(?: yet)?\.?$/i.test(text))
}

function routesAdvice(name: string, routes: readonly string[]): string {
  const near = nearestName(name, routes)
  if (near) return `Did you mean ${near}?`
  return routes.length > 0 ? `There are: ${routes.join(', ')}` : 'Add one to `routes` of reeve.config.ts'
}

function withoutLines(list: readonly { line: number }[]): unknown[] {
  return list.map(({ line: _, ...rest }) => rest)
}
