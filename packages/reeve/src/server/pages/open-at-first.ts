/** What of a page's lists is open at first, and what it needs beyond its place in them, as the build says (`asks.ts` of the dashboard). */
export interface OpenAtFirst {
  /** The field of the address's search that names it. Without a name it is what waits longest of all that is listed. */
  chosen?: string
  /** Asked of what is named and in no list; `$id`: its name. */
  unlisted?: string
  /** For each of the page's first answers, in their order: a page of a list, or the one thing that the page is about. */
  lists: readonly OpenList[]
}

interface OpenList {
  /** The field that says since when a thing waits. */
  since: string
  /** The fields of its name: the first that is there counts. */
  names: readonly string[]
  kinds: Readonly<Record<string, OpenKind>>
}

interface OpenKind {
  /** Only where the thing has this field. */
  where?: string
  /** Addresses; a `$field` stands for what the thing has there. */
  asks: readonly string[]
  files?: readonly string[]
}

/** @param lists what the page's first answers were; undefined: one did not come in time, or was refused */
export function openOf(
  open: OpenAtFirst,
  lists: readonly unknown[],
  chosen: string | null,
): { asks: string[]; files: readonly string[] } {
  const things = open.lists.flatMap(({ since, names, kinds }, index) =>
    thingsOf(lists[index]).map((thing) => ({
      since: Date.parse(String(fieldOf(thing, since))),
      name: names.map((field) => fieldOf(thing, field)).find((name) => typeof name === 'string'),
      needs: kinds[String(fieldOf(thing, 'kind'))],
      thing,
    })),
  )
  const opened =
    chosen === null
      ? things.reduce<(typeof things)[number] | undefined>(
          (first, each) => (first && first.since <= each.since ? first : each),
          undefined,
        )
      : things.find(({ name }) => name === chosen)
  if (!opened)
    return { asks: chosen !== null && open.unlisted ? filled(open.unlisted, { id: chosen }) : [], files: [] }
  const { where, asks = [], files = [] } = opened.needs ?? {}
  if (where !== undefined && fieldOf(opened.thing, where) === undefined) return { asks: [], files: [] }
  return { asks: asks.flatMap((ask) => filled(ask, opened.thing)), files }
}

function thingsOf(answer: unknown): unknown[] {
  const items = fieldOf(answer, 'items')
  return Array.isArray(items) ? items : answer === undefined ? [] : [answer]
}

/** None where the thing has nothing in such a field. */
function filled(ask: string, thing: unknown): [string] | [] {
  let isWhole = true
  const url = ask.replace(/\$([\w.]+)/g, (_, field: string) => {
    const value = fieldOf(thing, field)
    if (typeof value === 'string') return encodeURIComponent(value)
    isWhole = false
    return ''
  })
  return isWhole ? [url] : []
}

/** `field`: `a.b` is what is in `b` of what is in `a`. */
function fieldOf(thing: unknown, field: string): unknown {
  let value = thing
  for (const part of field.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[part]
  return value
}
