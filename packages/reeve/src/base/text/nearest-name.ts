const mostCompared = 200

/** The known name that is most like the given one; undefined where none is alike. */
export function nearestName(given: string, known: Iterable<string>): string | undefined {
  const wanted = folded(given)
  let best: { name: string; distance: number } | undefined
  for (const name of known) {
    const distance = distanceOf(wanted, folded(name))
    const most = Math.max(1, Math.floor(Math.min(wanted.length, name.length) / 3))
    if (distance <= most && (best === undefined || distance < best.distance)) best = { name, distance }
  }
  return best?.name ?? alikeBefore(wanted, known)
}

/** The only name that begins alike, for most of its length: `retries` for `retry`. */
function alikeBefore(wanted: string, known: Iterable<string>): string | undefined {
  const alike = [...known].filter((name) => {
    const other = folded(name)
    let same = 0
    while (same < other.length && other[same] === wanted[same]) same++
    return same >= 3 && same >= other.length * 0.6 && same >= wanted.length * 0.4
  })
  return alike.length === 1 ? alike[0] : undefined
}

/** What to say of a name that is none: the nearest, else all that there are. */
export function nameAdvice(given: string, known: readonly string[]): string {
  const near = nearestName(given, known)
  if (near !== undefined) return `Did you mean ${near}?`
  if (known.length === 0) return 'There is none yet.'
  const shown = known.slice(0, 20)
  return `There ${shown.length === 1 ? 'is' : 'are'}: ${shown.join(', ')}${known.length > shown.length ? ', …' : ''}.`
}

function folded(name: string): string {
  return name
    .slice(0, mostCompared)
    .toLowerCase()
    .replaceAll(/[\s_.-]+/g, '')
}

/** How many characters must be changed, added, left out or swapped with their neighbour. */
function distanceOf(left: string, right: string): number {
  let before: number[] = []
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const isSame = left[i - 1] === right[j - 1]
      let cost = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (isSame ? 0 : 1))
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1])
        cost = Math.min(cost, before[j - 2]! + 1)
      next.push(cost)
    }
    before = row
    row = next
  }
  return row[right.length]!
}
