const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]/g

/**
 * The first property that an object of this valid JSON text gives twice. `JSON.parse` takes the last of them in
 * silence, and which one was meant cannot be known.
 */
export function findRepeatedKey(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = []
  let text = ''
  for (const [found] of json.matchAll(token)) {
    if (found === '{') open.push(new Set())
    else if (found === '[') open.push(undefined)
    else if (found === '}' || found === ']') open.pop()
    else if (found === ':') {
      const keys = open.at(-1)!
      const key = text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1)
      if (keys.has(key)) return key
      keys.add(key)
    } else if (found !== ',') text = found
  }
  return undefined
}
