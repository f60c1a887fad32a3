/** A list stands once for each of its values. */
export function searchOf(query: Record<string, unknown>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((each) => each !== undefined)
      .map((each): [string, string] => [name, String(each)]),
  )
  return pairs.length > 0 ? `?${new URLSearchParams(pairs)}` : ''
}
