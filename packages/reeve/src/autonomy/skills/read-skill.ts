import { isRecord } from '../../base/json/record.ts'
import { describeValue } from '../../base/text/shorten.ts'
import type { LineProblems } from '../line-problems.ts'
import { yamlManifest } from '../scripts/manifest-file.ts'
import type { SkillText } from './skill.ts'

const example = `---
    name: pdf
    description: Fills in forms. Use it when a PDF is to be filled in.
    ---`
const longestName = 64
const longestDescription = 1024

/** What a `SKILL.md` in a folder of that name says; undefined: `problems` says why it cannot be read. */
export async function readSkillText(
  text: string,
  folder: string,
  problems: LineProblems,
): Promise<SkillText | undefined> {
  const [, front, body] =
    /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n([\s\S]*))?$/.exec(text) ?? []
  if (front === undefined) {
    problems.add(1, `it has no front matter. Begin it with:\n    ${example}`)
    return undefined
  }
  const read = await yamlManifest(front, 2, problems)
  if (!read) return undefined
  const { lineOf } = read
  if (!isRecord(read.value)) {
    problems.add(2, `its front matter is ${describeValue(read.value)}. Write:\n    ${example}`)
    return undefined
  }
  const { name, description, license } = read.value
  const isName =
    typeof name === 'string' && name.length <= longestName && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)
  if (!isName)
    problems.add(
      lineOf('name'),
      `name is ${describeValue(name)}; it must be up to ${longestName} lower-case letters, digits and single hyphens`,
    )
  else if (name !== folder)
    problems.add(lineOf('name'), `name is "${name}", and its folder is called "${folder}". Rename one`)
  if (typeof description !== 'string' || description.trim() === '' || description.length > longestDescription)
    problems.add(
      lineOf('description'),
      `description is ${describeValue(description)}; say in 1 to ${longestDescription} characters what it does and when to use it`,
    )
  if (license !== undefined && typeof license !== 'string')
    problems.add(lineOf('license'), `license is ${describeValue(license)}; it must be a text`)
  const asksFor = toolsIn(read.value['allowed-tools'])
  if (!asksFor)
    problems.add(
      lineOf('allowed-tools'),
      `allowed-tools is ${describeValue(read.value['allowed-tools'])}; it must be names of tools in one text, parted by spaces`,
    )
  if (problems.found.length > 0) return undefined
  return {
    name: name as string,
    description: (description as string).trim(),
    license: (license as string | undefined) ?? null,
    asksFor: asksFor!,
    instructions: (body ?? '').trim(),
  }
}

/** Parted by spaces, with what stands in brackets kept together: `Read Bash(git log:*)`. Lists are written too. */
function toolsIn(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.every((each) => typeof each === 'string') ? value : undefined
  return typeof value === 'string'
    ? (value.match(/[^\s,(]+(?:\([^)]*\))?/g) ?? []).map((each) => each.trim())
    : undefined
}
