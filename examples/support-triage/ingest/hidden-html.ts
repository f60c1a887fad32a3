/** What an element takes from its parents; an undefined background is a picture, which hides nothing for sure. */
export interface Inherited {
  color: string
  background: string | undefined
}

export interface StyleRules {
  /** Declarations by a simple selector: `p`, `.note`, `#footer`, `p.note`. */
  bySelector: Map<string, string>
}

/** Reads the rules that apply on every screen; `@media` blocks are left out, for they hide on some screens only. */
export function readStyleRules(sheets: string[]): StyleRules {
  const bySelector = new Map<string, string>()
  for (const sheet of sheets) {
    for (const [selectors, declarations] of topLevelRules(sheet.replace(/\/\*[\s\S]*?\*\//g, ''))) {
      for (const selector of selectors.split(',')) {
        const simple = selector.trim().toLowerCase()
        if (!/^[a-z0-9]*([.#][\w-]+)?$/.test(simple)) continue
        bySelector.set(simple, `${bySelector.get(simple) ?? ''};${declarations}`)
      }
    }
  }
  return { bySelector }
}

/** Says why an element cannot be seen, or what its children inherit. */
export function hiddenReason(
  name: string,
  attributes: Record<string, string>,
  rules: StyleRules,
  inherited: Inherited,
): { hidden?: string; inherited: Inherited } {
  const style = styleOf(name, attributes, rules)
  const own = { ...inherited }
  const background = style.get('background-color') ?? style.get('background') ?? attributes.bgcolor
  if (background !== undefined) own.background = parseColor(background)
  if (attributes.background !== undefined || style.has('background-image')) own.background = undefined
  const color = parseColor(style.get('color') ?? (name === 'font' ? attributes.color : undefined))
  if (color !== undefined) own.color = color
  const hidden = hiddenByStyle(attributes, style) ?? hiddenByColor(own, style)
  return hidden === undefined ? { inherited: own } : { hidden, inherited: own }
}

function hiddenByStyle(attributes: Record<string, string>, style: Map<string, string>): string | undefined {
  if (attributes.hidden !== undefined) return 'hidden attribute'
  if (style.get('display') === 'none') return 'display:none'
  if (style.get('visibility') === 'hidden') return 'visibility:hidden'
  if (style.get('mso-hide') === 'all') return 'mso-hide'
  if (Number.parseFloat(style.get('opacity') ?? '1') < 0.05) return 'transparent'
  if (size(style.get('font-size')) <= 1) return 'font of zero size'
  const clipped = style.get('overflow') === 'hidden'
  const height = Math.min(size(style.get('max-height')), size(style.get('height')))
  const width = Math.min(size(style.get('max-width')), size(style.get('width')))
  if (clipped && Math.min(height, width) <= 1) return 'box of zero size'
  const offset = Math.min(
    length(style.get('left')),
    length(style.get('top')),
    length(style.get('text-indent')),
  )
  return offset <= -500 ? 'moved off the screen' : undefined
}

function hiddenByColor(own: Inherited, style: Map<string, string>): string | undefined {
  if (style.get('color') === 'transparent') return 'transparent'
  if (own.background === undefined) return
  const [ink, paper] = [channels(own.color), channels(own.background)]
  const distance = Math.max(...ink.map((value, index) => Math.abs(value - paper[index]!)))
  return distance <= 16 ? 'same colour as the background' : undefined
}

function styleOf(name: string, attributes: Record<string, string>, rules: StyleRules): Map<string, string> {
  const style = new Map<string, string>()
  const classes = (attributes.class ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  const id = attributes.id?.toLowerCase()
  const selectors = [name, ...classes.flatMap((each) => [`.${each}`, `${name}.${each}`])]
  if (id) selectors.push(`#${id}`, `${name}#${id}`)
  for (const text of [...selectors.map((each) => rules.bySelector.get(each)), attributes.style]) {
    for (const declaration of (text ?? '').split(';')) {
      const colon = declaration.indexOf(':')
      if (colon < 0) continue
      const value = declaration.slice(colon + 1).replace(/!important/i, '')
      style.set(declaration.slice(0, colon).trim().toLowerCase(), value.trim().toLowerCase())
    }
  }
  return style
}

function* topLevelRules(sheet: string): Generator<[selectors: string, declarations: string]> {
  let position = 0
  while (position < sheet.length) {
    const open = sheet.indexOf('{', position)
    if (open < 0) return
    const selectors = sheet.slice(position, open).trim()
    let close = open + 1
    for (let depth = 1; close < sheet.length && depth > 0; close++) {
      if (sheet[close] === '{') depth++
      else if (sheet[close] === '}') depth--
    }
    if (!selectors.startsWith('@')) yield [selectors, sheet.slice(open + 1, close - 1)]
    position = close
  }
}

/** A size in pixels or points; infinite when it is not given or relative, for then nothing is known. */
function size(value: string | undefined): number {
  const match = /^(\d*\.?\d+)\s*(px|pt|em|rem|%)?$/.exec(value ?? '')
  if (!match) return Number.POSITIVE_INFINITY
  const relative = match[2] === 'em' || match[2] === 'rem'
  return Number(match[1]) * (relative ? 16 : 1)
}

function length(value: string | undefined): number {
  const match = /^(-\d*\.?\d+)\s*(px|pt|em|rem|%)?$/.exec(value ?? '')
  return match ? Number(match[1]) * (match[2] === 'em' || match[2] === 'rem' ? 16 : 1) : 0
}

const namedColors: Record<string, string> = {
  white: 'rgb(255,255,255)',
  snow: 'rgb(255,250,250)',
  ivory: 'rgb(255,255,240)',
  whitesmoke: 'rgb(245,245,245)',
  ghostwhite: 'rgb(248,248,255)',
  black: 'rgb(0,0,0)',
}

/** @returns `rgb(r,g,b)`, or undefined for anything that is not a plain known colour. */
function parseColor(value: string | undefined): string | undefined {
  const text = value?.trim().toLowerCase() ?? ''
  if (namedColors[text]) return namedColors[text]
  const hex = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/.exec(text)?.[1]
  if (hex) {
    const wide = hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex
    return `rgb(${[0, 2, 4].map((at) => Number.parseInt(wide.slice(at, at + 2), 16)).join(',')})`
  }
  const rgb = /^rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})/.exec(text)
  return rgb ? `rgb(${rgb[1]},${rgb[2]},${rgb[3]})` : undefined
}

function channels(color: string): number[] {
  return (color.match(/\d+/g) ?? []).map(Number)
}
