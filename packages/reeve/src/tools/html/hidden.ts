import { computed } from './css-math.ts'
import { type Color, isUnreadable, parseColor, pixels } from './css-values.ts'

/** What an element takes from those that it stands in, as far as it decides whether text is seen. */
export interface Look {
  /** Why all text here cannot be seen, unless an element below shows itself again. */
  hidden: string | undefined
  color: Color
  /** Undefined: a picture, which hides nothing for sure. */
  background: Color | undefined
  fontSize: number
  isVisible: boolean
  /** Its lines have next to no height: more than one of them stand upon one another. */
  isFlat: boolean
  variables: ReadonlyMap<string, string>
}

export const plainLook: Look = {
  hidden: undefined,
  color: [0, 0, 0, 1],
  background: [255, 255, 255, 1],
  fontSize: 16,
  isVisible: true,
  isFlat: false,
  variables: new Map(),
}

/** What of a page nobody sees, whatever its style says. */
export const neverShown: ReadonlySet<string> = new Set(
  'script style noscript template head title iframe frame object embed applet noembed noframes svg math canvas audio video select datalist textarea rp meter progress'.split(
    ' ',
  ),
)

/** Attributes that decide whether text is seen. */
const mattering = ['hidden', 'popover', 'bgcolor', 'background', 'color', 'text', 'type']

/** Why nothing in an element can be seen, or how text that stands in it looks. */
export function lookOf(
  name: string,
  attributes: Readonly<Record<string, string>>,
  style: ReadonlyMap<string, string>,
  above: Look,
): { gone: string } | { look: Look } {
  if (style.size === 0 && !mattering.some((key) => attributes[key] !== undefined) && name !== 'dialog') {
    return { look: above }
  }
  const variables = variablesOf(style, above.variables)
  const written = (property: string) => resolved(style.get(property), variables)
  const fontSize = fontSizeOf((property) => computed(written(property), above.fontSize), above.fontSize)
  const get = (property: string) => computed(written(property), fontSize)
  const gone = goneByStyle(name, attributes, get, fontSize)
  if (gone !== undefined) return { gone }
  const ink = get('-webkit-text-fill-color') ?? get('color') ?? inkAttribute(name, attributes)
  const color = parseColor(ink) ?? above.color
  const paper = get('background-color') ?? get('background')
  const background = paper === 'currentcolor' ? color : backgroundOf(attributes, get, above.background)
  const visibility = get('visibility')
  const isVisible =
    visibility === 'hidden' || visibility === 'collapse' ? false : visibility === 'visible' || above.isVisible
  const isFlat = isFlatLine(get, fontSize) ?? above.isFlat
  const look = { color, background, fontSize, isVisible, isFlat, variables }
  return { look: { ...look, hidden: hiddenByLook(look) } }
}

type Get = (property: string) => string | undefined

function hiddenByLook({ color, background, fontSize, isVisible }: Omit<Look, 'hidden'>): string | undefined {
  if (!isVisible) return 'visibility:hidden'
  if (fontSize <= 2) return 'font of zero size'
  if (color[3] < 0.1) return 'transparent'
  return background && isUnreadable(color, background) ? 'same colour as the background' : undefined
}

/** Undefined: nothing is said of it. */
function isFlatLine(get: Get, fontSize: number): boolean | undefined {
  const short = /\/\s*([\w.%]+)/.exec(get('font') ?? '')?.[1]
  const written = get('line-height') ?? short
  if (written === undefined || written === 'inherit') return undefined
  const height = /^[\d.]+$/.test(written) ? Number(written) * fontSize : pixels(written, fontSize)
  return height !== undefined && height <= fontSize / 8
}

function goneByStyle(
  name: string,
  attributes: Readonly<Record<string, string>>,
  get: Get,
  fontSize: number,
): string | undefined {
  if (attributes.hidden !== undefined || attributes.popover !== undefined) return 'hidden attribute'
  if (name === 'dialog' && attributes.open === undefined) return 'closed dialog'
  if (name === 'input' && attributes.type?.toLowerCase() === 'hidden') return 'hidden attribute'
  const display = get('display')
  if (display === 'none') return 'display:none'
  if (get('content-visibility') === 'hidden') return 'visibility:hidden'
  if (get('mso-hide') === 'all') return 'mso-hide'
  if (isTransparent(get)) return 'transparent'
  if (isMaskedAway(get)) return 'transparent'
  if (isScaledAway(get)) return 'scaled to nothing'
  return hiddenBox(get, fontSize) ?? (isMovedAway(get, fontSize) ? 'moved off the screen' : undefined)
}

function isTransparent(get: Get): boolean {
  const opacity = get('opacity') ?? '1'
  if (Number.parseFloat(opacity) / (opacity.endsWith('%') ? 100 : 1) < 0.1) return true
  const filter = get('filter') ?? get('-webkit-filter') ?? ''
  const kept = /opacity\(\s*([\d.]+)(%?)\s*\)/.exec(filter)
  if (kept && Number(kept[1]) / (kept[2] ? 100 : 1) < 0.1) return true
  if (Number(/blur\(\s*([\d.]+)(?:px|em|rem)\s*\)/.exec(filter)?.[1] ?? 0) >= 5) return true
  return /alpha\(\s*opacity\s*=\s*[0-9](\.\d+)?\s*\)/.test(filter)
}

/** A mask that lets nothing through: only gradients of what is transparent, or one of no size. */
function isMaskedAway(get: Get): boolean {
  for (const prefix of ['', '-webkit-']) {
    const image = `${get(`${prefix}mask-image`) ?? ''} ${get(`${prefix}mask`) ?? ''}`
    if (!/gradient\(|url\(/.test(image)) continue
    const size = get(`${prefix}mask-size`) ?? /\/\s*([^,/)]+)$/.exec(image)?.[1] ?? ''
    if (/^0(?:px|%|em|rem)?(?:\s|$)/.test(size.trim())) return true
    const inks =
      image.match(/transparent|#[0-9a-f]{3,8}\b|\b(?:rgb|hsl)a?\([^()]*\)|\b[a-z]+(?=\s*[,)])/g) ?? []
    const colors = inks.map(parseColor).filter((color) => color !== undefined)
    if (colors.length > 0 && colors.every(([, , , alpha]) => alpha < 0.1)) return true
  }
  return false
}

/** Turned about an axis of the screen by a quarter: seen from its edge. */
function isOnEdge(turns: string): boolean {
  const angles = turns.matchAll(
    /(?:rotate[xy]\(|rotate3d\(\s*(?!0\s*,\s*0\s*,)[^()]*,|(?:^|\s)(?:[xy]|(?!0\s+0\s)[-\d.]+\s+[-\d.]+\s+0)\s)\s*(-?[\d.]+)(deg|turn|rad|grad)/g,
  )
  const inDegrees = { deg: 1, turn: 360, rad: 180 / Math.PI, grad: 0.9 }
  return [...angles].some(([, size, unit]) => {
    const angle = Math.abs(Number(size) * inDegrees[unit as keyof typeof inDegrees]) % 180
    return Math.abs(angle - 90) < 6
  })
}

function isScaledAway(get: Get): boolean {
  const scale = Number.parseFloat(get('scale') ?? '1')
  const zoom = get('zoom') ?? '1'
  if (Math.abs(scale) < 0.1 || Number.parseFloat(zoom) / (zoom.endsWith('%') ? 100 : 1) < 0.1) return true
  const transform = `${get('transform') ?? ''} ${get('-webkit-transform') ?? ''}`
  const factors = /(?:scale(?:3d|x|y)?|matrix)\(\s*(-?[\d.]+)(?:\s*,\s*(-?[\d.]+))?/.exec(transform)
  if (
    factors
      ?.slice(1)
      .some((factor, index) => factor && isTiny(factor) && (index === 0 || !/matrix/.test(transform)))
  ) {
    return true
  }
  return isOnEdge(`${transform} ${get('rotate') ?? ''}`.replace(/\s+/g, ' '))
}

function isTiny(factor: string): boolean {
  return Math.abs(Number(factor)) < 0.1
}

function hiddenBox(get: Get, fontSize: number): string | undefined {
  const size = (property: string) => pixels(get(property), fontSize) ?? Number.POSITIVE_INFINITY
  const reason = 'box of zero size'
  if (size('max-height') <= 1 || size('max-width') <= 0) return reason
  const overflow = `${get('overflow') ?? ''} ${get('overflow-x') ?? ''} ${get('overflow-y') ?? ''}`
  if (/hidden|clip|scroll|auto/.test(overflow)) {
    if (
      Math.min(size('height'), size('width'), size('block-size'), size('inline-size'), size('max-width')) <=
        2 ||
      size('line-height') <= 1
    )
      return reason
  }
  if (
    /rect\(\s*0(?:px)?[\s,]+0(?:px)?[\s,]+0(?:px)?[\s,]+0|rect\(\s*1px[\s,]+1px[\s,]+1px[\s,]+1px/.test(
      get('clip') ?? '',
    )
  )
    return 'clipped'
  const path = `${get('clip-path') ?? ''} ${get('-webkit-clip-path') ?? ''}`.replace(/\s+/g, ' ')
  if (
    /inset\((?:[^()]* )?(?:[5-9]\d|100)(?:\.\d+)?%|xywh\(\s*\S+\s+\S+\s+(?:0(?:px|%)?\s|\S+\s+0(?:px|%)?\s*\))|rect\(\s*0(?:px|%)?(?:[\s,]+0(?:px|%)?){3}|path\([^()]*m\s*0[\s,]+0\s*z?["']?\s*\)|(?:circle|ellipse)\(\s*0|polygon\(\s*0(?:px|%)?\s+0(?:px|%)?\s*(?:,\s*0(?:px|%)?\s+0(?:px|%)?\s*)*\)/.test(
      path,
    )
  )
    return 'clipped'
  return
}

function isMovedAway(get: Get, fontSize: number): boolean {
  const away = (value: string | undefined, limit: number) => {
    const moved = pixels(value, fontSize)
    if (moved === undefined) return false
    return Math.abs(moved) >= limit || /^-?\d{3,}(?:\.\d+)?(?:%|v[wh])$/.test(value ?? '')
  }
  const placed = /absolute|fixed|relative|sticky/.test(get('position') ?? '')
  const places = ['left', 'right', 'top', 'bottom', ...(get('inset') === undefined ? [] : ['inset'])]
  if (
    placed &&
    places.some((side) =>
      (get(side) ?? '')
        .split(/\s+/)
        .some((value) => away(value, 900) || (value.startsWith('-') && away(value, 300))),
    )
  ) {
    return true
  }
  if (placed && Number.parseFloat(get('z-index') ?? '0') < 0) return true
  const margins = ['margin', 'margin-left', 'margin-top', 'margin-right', 'margin-bottom']
  const pulled = [get('text-indent'), ...margins.flatMap((margin) => (get(margin) ?? '').split(/\s+/))]
  if (pulled.some((value) => value?.startsWith('-') && away(value, 300))) return true
  if ((pixels(get('letter-spacing'), fontSize) ?? 0) <= -5) return true
  const shift = `${get('transform') ?? ''} ${get('translate') ?? ''}`
  return [...shift.matchAll(/-?[\d.]+(?:px|em|rem|%|v[wh])/g)].some(
    ([value]) => away(value, 900) || (value.startsWith('-') && away(value, 300)),
  )
}

function fontSizeOf(get: Get, above: number): number {
  const short = /(?:^|\s)((?:\d+\.?\d*|\.\d+)(?:px|pt|em|rem|%)?)(?:\s*\/\s*[\w.%]+)?\s+["'a-z]/.exec(
    get('font') ?? '',
  )?.[1]
  const value = get('font-size') ?? short
  return pixels(value, above) ?? (value === undefined || value === 'inherit' ? above : 16)
}

function backgroundOf(
  attributes: Readonly<Record<string, string>>,
  get: Get,
  above: Color | undefined,
): Color | undefined {
  const written = get('background-color') ?? get('background') ?? attributes.bgcolor
  const image = `${get('background-image') ?? ''} ${get('background') ?? ''}`
  const shade =
    /^(?:repeating-)?linear-gradient\((?:[^,()]*deg,|to [^,()]*,)?\s*([^,()]+?)\s*(?:,\s*\1\s*)+\)$/.exec(
      image.trim(),
    )
  if (shade) return parseColor(shade[1]) ?? above
  if (attributes.background !== undefined || /url\(|gradient\(/.test(image)) return
  if (written === undefined) return above
  const color =
    parseColor(written) ??
    written
      .split(/\s+(?![^(]*\))/)
      .map(parseColor)
      .find(Boolean)
  if (!color) return /^(none|inherit|unset|initial|0)$/.test(written) ? above : undefined
  if (color[3] > 0.9) return color
  return color[3] < 0.1 ? above : undefined
}

function inkAttribute(name: string, attributes: Readonly<Record<string, string>>): string | undefined {
  return name === 'font' ? attributes.color : name === 'body' ? attributes.text : undefined
}

function variablesOf(
  style: ReadonlyMap<string, string>,
  above: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const own = [...style].filter(([property]) => property.startsWith('--'))
  return own.length === 0 ? above : new Map([...above, ...own].slice(-200))
}

function resolved(value: string | undefined, variables: ReadonlyMap<string, string>): string | undefined {
  let text = value
  for (let round = 0; round < 5 && text?.includes('var('); round++) {
    text = text
      .replace(
        /var\(\s*(--[\w-]+)\s*(?:,([^()]*))?\)/g,
        (_whole, name: string, other = '') => variables.get(name) ?? other,
      )
      .trim()
    if (text.length > 1000) return
  }
  return text
}
