/** An element as far as a selector looks at it. */
export interface Styled {
  name: string
  attribs: Readonly<Record<string, string>>
  /** The element that it stands in. */
  parent: Styled | undefined
}

type Declarations = readonly { property: string; value: string; isImportant: boolean }[]

interface Rule {
  steps: readonly Step[]
  weight: number
  declarations: Declarations
}

/** One part of a selector, and how it stands to the part after it. */
interface Step {
  name: string | undefined
  ids: string[]
  classes: string[]
  attributes: [name: string, value: string | undefined][]
  /** The part before it is its parent, and not only somewhere above. */
  isChild: boolean
}

const mostRules = 3000
const nothing: ReadonlyMap<string, string> = new Map()
const mostDeclarations = 200

/**
 * The rules of style sheets that apply on every screen. Selectors are followed up to pseudo-classes and siblings, which are
 * taken to match; what waits for a pointer or a key (`:hover`) is left out.
 */
export class StyleSheet {
  readonly #rules: Rule[] = []

  constructor(sheets: readonly string[]) {
    for (const sheet of sheets)
      this.#read(sheet.replace(/\/\*[\s\S]*?(?:\*\/|$)/g, ' ').replace(/<!--|-->/g, ' '), 0)
  }

  /** What applies to an element: by property, the strongest. */
  of(element: Styled): ReadonlyMap<string, string> {
    if (this.#rules.length === 0 && element.attribs.style === undefined) return nothing
    const matching = this.#rules.filter(({ steps }) => matches(steps, steps.length - 1, element))
    matching.sort((a, b) => a.weight - b.weight)
    const style = new Map<string, string>()
    const own = declarationsOf(element.attribs.style ?? '')
    for (const isImportant of [false, true]) {
      for (const declarations of [...matching.map((rule) => rule.declarations), own]) {
        for (const each of declarations)
          if (each.isImportant === isImportant) style.set(each.property, each.value)
      }
    }
    return style
  }

  #read(sheet: string, depth: number): void {
    let position = 0
    while (position < sheet.length && this.#rules.length < mostRules) {
      const open = sheet.indexOf('{', position)
      if (open < 0) return
      const head = sheet
        .slice(sheet.lastIndexOf(';', open) >= position ? sheet.lastIndexOf(';', open) + 1 : position, open)
        .trim()
      const close = endOfBlock(sheet, open)
      const body = sheet.slice(open + 1, close)
      if (!head.startsWith('@')) {
        this.#add(head, body)
        // A rule inside a rule: for what is below, or is, what the outer one names; taken for all that it names itself.
        if (body.includes('{') && depth < 5) this.#read(body.replaceAll('&', ' '), depth + 1)
      }
      if (head.startsWith('@') && appliesEverywhere(head.toLowerCase()) && depth < 5)
        this.#read(body, depth + 1)
      position = close + 1
    }
  }

  #add(selectors: string, body: string): void {
    const declarations = declarationsOf(body)
    for (const selector of selectors.split(',')) {
      const steps = readSelector(unescapeCss(selector).trim().toLowerCase())
      if (!steps || this.#rules.length >= mostRules) continue
      const weight = steps.reduce(
        (sum, { ids, classes, attributes, name }) =>
          sum + ids.length * 10_000 + (classes.length + attributes.length) * 100 + (name ? 1 : 0),
        0,
      )
      this.#rules.push({ steps, weight, declarations })
    }
  }
}

function declarationsOf(text: string): Declarations {
  const found: { property: string; value: string; isImportant: boolean }[] = []
  for (const declaration of text.replace(/\/\*[\s\S]*?(?:\*\/|$)/g, '').split(';', mostDeclarations)) {
    const colon = declaration.indexOf(':')
    if (colon < 0) continue
    const property = unescapeCss(declaration.slice(0, colon)).trim().toLowerCase()
    const value = unescapeCss(declaration.slice(colon + 1)).toLowerCase()
    const bare = value.replace(/!\s*important/, '').trim()
    found.push({
      property,
      value: bare,
      isImportant: bare.length < value.trim().length && value.includes('!'),
    })
  }
  return found
}

function unescapeCss(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(
    /\\(?:([0-9a-f]{1,6})\s?|(.))/gi,
    (_whole, hex: string | undefined, sign: string | undefined) => {
      if (hex === undefined) return sign ?? ''
      const point = Number.parseInt(hex, 16)
      return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : ''
    },
  )
}

function endOfBlock(sheet: string, open: number): number {
  let depth = 0
  for (let index = open; index < sheet.length; index++) {
    if (sheet[index] === '{') depth++
    else if (sheet[index] === '}' && --depth === 0) return index
  }
  return sheet.length
}

/** Blocks for narrow screens or print hide from some readers only. */
function appliesEverywhere(head: string): boolean {
  if (/^@(supports|layer|scope|container)\b/.test(head)) return true
  const media = /^@media\b(.*)$/s.exec(head)?.[1]?.trim()
  if (media === undefined) return false
  return media.split(',').some((query) => {
    const [, rest = ''] = /^(?:only\s+)?(?:all|screen)?\s*(?:and\s*)?(.*)$/s.exec(query.trim()) ?? []
    const least = /^\(\s*min-(?:device-)?width\s*:\s*(\d+)(?:px)?\s*\)$/.exec(rest.trim())?.[1]
    return rest.trim() === '' || (least !== undefined && Number(least) <= 480)
  })
}

/** @returns undefined when it cannot match what is simply looked at */
function readSelector(selector: string): Step[] | undefined {
  if (
    selector === '' ||
    /::|:(?:hover|focus|active|visited|target|checked|before|after|first-l)/.test(selector)
  )
    return
  const steps: Step[] = []
  let isChild = false
  for (const part of selector
    .replace(/\([^()]*\)/g, '')
    .replace(/\s*([>+~])\s*/g, ' $1 ')
    .split(/\s+/, 20)) {
    if (part === '' || part === '+' || part === '~') continue
    if (part === '>') {
      isChild = true
      continue
    }
    const step: Step = { name: /^[a-z][\w-]*/.exec(part)?.[0], ids: [], classes: [], attributes: [], isChild }
    for (const [, sign, name] of part.matchAll(/([#.])([\w-]+|[^\s#.[:]+)/g)) {
      ;(sign === '#' ? step.ids : step.classes).push(name!)
    }
    for (const [, name, value] of part.matchAll(
      /\[\s*([\w-]+)(?:\s*[~|^$*]?=\s*["']?([^"'\]]*)["']?)?\s*\]/g,
    )) {
      step.attributes.push([name!, value])
    }
    steps.push(step)
    isChild = false
  }
  // A sibling's part before `+` is not above what follows it.
  return /[+~]/.test(selector.replace(/[[(][^\])]*[\])]/g, '')) ? steps.slice(-1) : steps
}

function matches(steps: readonly Step[], index: number, element: Styled | undefined): boolean {
  const step = steps[index]
  if (!step) return true
  if (!element || !fits(step, element)) return false
  if (index === 0) return true
  if (step.isChild) return matches(steps, index - 1, element.parent)
  for (let above = element.parent; above; above = above.parent) {
    if (matches(steps, index - 1, above)) return true
  }
  return false
}

function fits({ name, ids, classes, attributes }: Step, element: Styled): boolean {
  if (name !== undefined && name !== element.name) return false
  const { id, class: written = '' } = element.attribs
  if (ids.some((each) => each !== id?.toLowerCase())) return false
  if (classes.length > 0) {
    const own = written.toLowerCase().split(/\s+/)
    if (!classes.every((each) => own.includes(each))) return false
  }
  return attributes.every(([key, value]) => {
    const given = element.attribs[key]?.toLowerCase()
    return given !== undefined && (value === undefined || given.includes(value))
  })
}
