import type { Bar } from '../timeline.ts'

interface Place {
  down: number
  across: number
}

/**
 * Puts calls below each other as they could begin: a call stands below all that had ended when it began, and beside what went
 * on meanwhile. A line leads to it from what ended last before it. Where a place had many, lines are left out.
 */
export function layersOf(bars: readonly Bar[]): { places: Place[]; links: [from: number, to: number][] } {
  const places: Place[] = []
  const links: [number, number][] = []
  const widths: number[] = []
  for (const [index, bar] of bars.entries()) {
    let down = 0
    for (let before = 0; before < index; before++) {
      if (isBefore(bars[before]!, bar)) down = Math.max(down, places[before]!.down + 1)
    }
    const across = widths[down] ?? 0
    widths[down] = across + 1
    places.push({ down, across })
    if (down === 0) continue
    const above = bars.filter(
      (each, before) => before < index && places[before]!.down === down - 1 && isBefore(each, bar),
    )
    const most = above.length > 12 ? above.slice(-1) : above
    for (const { call } of most) links.push([call, bar.call])
  }
  // Each row stands in the middle.
  const widest = Math.max(1, ...widths)
  for (const place of places) place.across += (widest - widths[place.down]!) / 2
  return { places, links }
}

/** By the journal's order: several things happen in one millisecond. */
function isBefore({ settled }: Bar, { opened }: Bar): boolean {
  return settled !== undefined && settled < opened
}
