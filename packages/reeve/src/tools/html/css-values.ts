/** A length in pixels; undefined when it is not given or nothing is known of it. `em` and `%` count from `base`. */
export function pixels(value: string | undefined, base: number): number | undefined {
  const bare = value?.startsWith('calc(') ? value.slice(5, -1).trim() : value
  const match =
    /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(px|pt|pc|in|cm|mm|q|em|rem|ex|ch|%|vw|vh|vmin|vmax)?$/.exec(
      bare ?? '',
    )
  if (!match) return
  const number = Number(match[1])
  return (
    number * (match[2] === '%' ? base / 100 : match[2] === 'em' ? base : (perUnit[match[2] ?? 'px'] ?? 1))
  )
}

const perUnit: Readonly<Record<string, number>> = {
  px: 1,
  pt: 4 / 3,
  pc: 16,
  in: 96,
  cm: 37.8,
  mm: 3.78,
  q: 0.945,
  rem: 16,
  ex: 8,
  ch: 8,
  vw: 12,
  vh: 8,
  vmin: 8,
  vmax: 12,
}

/** Red, green, blue and how opaque, or undefined for what is no plain colour. */
export type Color = readonly [red: number, green: number, blue: number, alpha: number]

export function parseColor(value: string | undefined): Color | undefined {
  const text = value?.trim().toLowerCase() ?? ''
  if (text === 'transparent') return [0, 0, 0, 0]
  const named = namedColors[text]
  const hex = named ?? /^#?([0-9a-f]{3,8})$/.exec(text)?.[1]
  if (hex !== undefined) return fromHex(hex)
  const mixed = text.length <= 200 && /^(?:color-mix|light-dark)\(/.test(text) ? mixedColor(text) : undefined
  if (mixed) return mixed
  const light =
    /^(?:ok)?(lab|lch)\(\s*([\d.]+)(%?)\s+([-\d.]+)%?\s+([-\d.]+)%?\s*(?:\/\s*([\d.]+%?)\s*)?\)$/.exec(text)
  if (light) return byLightness(text.startsWith('ok'), light)
  const call = /^(rgba?|hsla?)\(([^()]{1,80})\)$/.exec(text)
  if (!call) return
  const parts = call[2]!.split(/[\s,/]+/).filter(Boolean)
  const [first, second, third] = parts
  if (first === undefined || second === undefined || third === undefined) return
  const alpha = parts[3] === undefined ? 1 : share(parts[3], 1)
  if (call[1]!.startsWith('rgb')) return [share(first, 255), share(second, 255), share(third, 255), alpha]
  return [...fromHsl(Number.parseFloat(first), share(second, 1), share(third, 1)), alpha]
}

/** Of `color-mix` what both give by their shares; of `light-dark` what a bright screen shows. */
function mixedColor(text: string): Color | undefined {
  const light = /^light-dark\(\s*((?:[^(),]|\([^()]*\))+),/.exec(text)
  if (light) return parseColor(light[1])
  const part = '((?:[^(),]|\\([^()]*\\))+?)\\s*([\\d.]+%)?\\s*'
  const found = new RegExp(`^color-mix\\(\\s*in [^,]+,\\s*${part},\\s*${part}\\)$`).exec(text)
  const [one, other] = [parseColor(found?.[1]), parseColor(found?.[3])]
  if (!found || !one || !other) return
  const given = [found[2], found[4]].map((size) => size && Number.parseFloat(size) / 100)
  const first = typeof given[0] === 'number' ? given[0] : 1 - (typeof given[1] === 'number' ? given[1] : 0.5)
  const second = typeof given[1] === 'number' ? given[1] : 1 - first
  const sum = first + second
  if (sum <= 0) return
  const weight = first / sum
  const alpha = one[3] * weight + other[3] * (1 - weight)
  const mix = (index: 0 | 1 | 2) =>
    alpha === 0 ? 0 : (one[index] * one[3] * weight + other[index] * other[3] * (1 - weight)) / alpha
  return [mix(0), mix(1), mix(2), alpha * Math.min(sum, 1)]
}

/** A grey of that lightness; undefined for what has a hue, unless nothing of it is seen. */
function byLightness(isOk: boolean, [, , size, percent, a, b, alpha]: RegExpExecArray): Color | undefined {
  const opaque = alpha === undefined ? 1 : share(alpha, 1)
  if (opaque < 0.1) return [0, 0, 0, opaque]
  const lightness = Number(size) / (percent === '%' || !isOk ? 100 : 1)
  const isGrey =
    Math.abs(Number(a)) < (isOk ? 0.02 : 4) && (Math.abs(Number(b)) < (isOk ? 0.02 : 4) || Number(a) === 0)
  if (!isGrey && lightness > 0.02 && lightness < 0.99) return
  const grey = 255 * Math.min(Math.max(lightness, 0), 1)
  return [grey, grey, grey, opaque]
}

function share(text: string, whole: number): number {
  const number = Number.parseFloat(text)
  return text.endsWith('%') ? (number / 100) * whole : number
}

function fromHex(hex: string): Color | undefined {
  const wide = hex.length === 3 || hex.length === 4 ? [...hex].map((digit) => digit + digit).join('') : hex
  if (wide.length !== 6 && wide.length !== 8) return
  const at = (index: number) => Number.parseInt(wide.slice(index, index + 2), 16)
  return [at(0), at(2), at(4), wide.length === 8 ? at(6) / 255 : 1]
}

function fromHsl(hue: number, saturation: number, lightness: number): [number, number, number] {
  const channel = (offset: number) => {
    const k = (offset + (((hue % 360) + 360) % 360) / 30) % 12
    const spread = saturation * Math.min(lightness, 1 - lightness)
    return 255 * (lightness - spread * Math.max(-1, Math.min(k - 3, 9 - k, 1)))
  }
  return [channel(0), channel(8), channel(4)]
}

/** Ink that a person cannot tell from its paper. */
export function isUnreadable(ink: Color, paper: Color): boolean {
  if (ink[3] < 0.1) return true
  const seen = ink.slice(0, 3).map((value, index) => value * ink[3] + paper[index]! * (1 - ink[3]))
  const [lighter, darker] = [brightness(seen), brightness([...paper])].sort((a, b) => b - a)
  const distance = Math.max(...seen.map((value, index) => Math.abs(value - paper[index]!)))
  return distance <= 16 || (distance <= 48 && (lighter! + 0.05) / (darker! + 0.05) < 1.2)
}

/** Relative luminance, as WCAG 2 defines it. */
function brightness(color: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = color.map((value) => {
    const part = value / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

const namedColors: Readonly<Record<string, string>> = Object.fromEntries(
  `white fff snow fffafa ivory fffff0 whitesmoke f5f5f5 ghostwhite f8f8ff azure f0ffff mintcream f5fffa honeydew f0fff0 floralwhite
fffaf0 seashell fff5ee aliceblue f0f8ff lavenderblush fff0f5 oldlace fdf5e6 linen faf0e6 beige f5f5dc lightyellow ffffe0
lightcyan e0ffff cornsilk fff8dc lavender e6e6fa gainsboro dcdcdc lightgray d3d3d3 lightgrey d3d3d3 silver c0c0c0 darkgray
a9a9a9 darkgrey a9a9a9 gray 808080 grey 808080 dimgray 696969 dimgrey 696969 black 000 red f00 maroon 800000 yellow ff0 olive
808000 lime 0f0 green 008000 aqua 0ff cyan 0ff teal 008080 blue 00f navy 000080 fuchsia f0f magenta f0f purple 800080 orange
ffa500 pink ffc0cb gold ffd700 brown a52a2a crimson dc143c tomato ff6347 coral ff7f50 indigo 4b0082 violet ee82ee tan d2b48c
khaki f0e68c darkred 8b0000 darkblue 00008b darkgreen 006400 midnightblue 191970 darkslategray 2f4f4f steelblue 4682b4
royalblue 4169e1 slategray 708090 lightblue add8e6 skyblue 87ceeb lightgreen 90ee90 seagreen 2e8b57`
    .split(/\s+/)
    .reduce<[string, string][]>((pairs, word, index, words) => {
      if (index % 2 === 0) pairs.push([word, words[index + 1]!])
      return pairs
    }, []),
)
