import { ReeveError } from '../../../base/errors.ts'
import { visibleText } from '../../../base/text/visible-text.ts'
import { type Outline, outlineOf } from '../outline.ts'
import { maxDirectiveBytes } from '../parse-directive.ts'

const heading = /^ {0,3}##[ \t]+Known Failure Modes:?[ \t]*#*[ \t]*$/i
const nextHeading = /^ {0,3}#{1,2}[ \t]/
const none = /^[ \t]*[-*+][ \t]+none(?: yet)?\.?[ \t]*$/i
const longestMode = 500

/**
 * The text of a directive with one more line under Known Failure Modes, or the same text where that line stands there. The lines of
 * all other sections stay as they are.
 * @throws `bad-failure-mode` when the line cannot stand there, `directive-full`
 */
export async function withFailureMode(text: string, mode: string): Promise<string> {
  const line = cleanMode(mode)
  const before = await outlineOf(text)
  if (modesIn(before).includes(line)) return text
  const lines = text.split('\n')
  const { start, end } = sectionIn(lines)
  const kept = lines.slice(start, end).filter((each) => !none.test(each))
  while (kept.at(-1)?.trim() === '') kept.pop()
  const rest = lines.slice(end)
  // A list that ends the section goes on; anything else has an empty line before the next.
  const isList = kept.length > 0 && /^\s*[-*+][ \t]|^\s+\S/.test(kept.at(-1)!)
  const section = [...kept, ...(kept.length > 0 && !isList ? [''] : []), `- ${line}`]
  const grown = [...lines.slice(0, start), ...section, '', ...rest].join('\n').replace(/\n+$/, '\n')
  const bytes = Buffer.byteLength(grown)
  if (bytes > maxDirectiveBytes)
    throw new ReeveError(
      'directive-full',
      `A known failure mode was not added: the directive would have ${bytes} bytes, and ${maxDirectiveBytes} are the most. Remove old ones.`,
    )
  refuseOther(before, await outlineOf(grown), [...modesIn(before), line], line)
  return grown
}

/**
 * The text without that line; the same text where it does not stand there.
 * @throws `bad-failure-mode`
 */
export async function withoutFailureMode(text: string, mode: string): Promise<string> {
  const line = cleanMode(mode)
  const before = await outlineOf(text)
  const lines = text.split('\n')
  const section = before.sections.find(({ title }) => isModes(title))
  const item = section?.items.find((each) => each.text === line)
  if (!section || !item || lines[item.line - 1]?.replace(/^\s*[-*+][ \t]+/, '').trim() !== line) return text
  const left = section.items.filter((each) => each !== item).map((each) => each.text)
  lines.splice(item.line - 1, 1, ...(left.length === 0 ? ['- none yet'] : []))
  const shrunk = lines.join('\n')
  refuseOther(before, await outlineOf(shrunk), left.length === 0 ? ['none yet'] : left, line)
  return shrunk
}

/** A directive's own words, without what is known of its failures: that may have been written by a repair or a lesson. */
export function withoutModes(text: string): string {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => heading.test(line))
  if (start < 0) return text
  const { end } = sectionIn(lines)
  return [...lines.slice(0, start), ...lines.slice(end)].join('\n')
}

function sectionIn(lines: readonly string[]): { start: number; end: number } {
  const at = lines.findIndex((line) => heading.test(line))
  if (at < 0)
    throw new ReeveError(
      'bad-failure-mode',
      'A known failure mode was not added: the directive has no section "## Known Failure Modes". Add it.',
    )
  const after = lines.findIndex((line, index) => index > at && nextHeading.test(line))
  return { start: at + 1, end: after < 0 ? lines.length : after }
}

/** One line of visible characters that Markdown takes for an item's text. */
function cleanMode(mode: string): string {
  const line = visibleText(mode).replaceAll(/\s+/g, ' ').trim()
  const isPlain = line !== '' && line.length <= longestMode && !/[<>`*[\]\\]/.test(line)
  if (isPlain && !/^(?:[-+#=~]|\d+[.)])/.test(line) && !none.test(`- ${line}`)) return line
  throw new ReeveError(
    'bad-failure-mode',
    `A known failure mode must be one line of plain words, ${longestMode} characters at most, without the marks of Markdown: ${JSON.stringify(line.slice(0, 100))}.`,
  )
}

/** That nothing else has changed is seen by reading the new text. */
function refuseOther(before: Outline, after: Outline, modes: readonly string[], line: string): void {
  const others = ({ title, sections }: Outline) =>
    JSON.stringify([
      title,
      sections.map((section) => [
        section.title,
        isModes(section.title) ? '' : [section.prose, section.items.map(({ text }) => text)],
      ]),
    ])
  const kept = modes.filter((each) => !/^none(?: yet)?\.?$/i.test(each) || modes.length === 1)
  if (others(before) === others(after) && JSON.stringify(modesIn(after)) === JSON.stringify(kept)) return
  throw new ReeveError(
    'bad-failure-mode',
    `The known failure mode "${line.slice(0, 100)}" cannot be written without changing other parts of the directive. Write that section as a plain list.`,
  )
}

function modesIn({ sections }: Outline): string[] {
  return sections.filter(({ title }) => isModes(title)).flatMap(({ items }) => items.map(({ text }) => text))
}

function isModes(title: string): boolean {
  return title.replace(/:$/, '').toLowerCase() === 'known failure modes'
}
