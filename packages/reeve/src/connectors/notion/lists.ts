import type { ServiceCall } from '../door/service-call.ts'

/** Reads a list that is asked for by POST, page after page. */
export async function posted(
  api: ServiceCall,
  path: string,
  body: object,
  limit: number,
): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = []
  for (let cursor: string | undefined; found.length < limit; ) {
    const size = Math.min(limit - found.length, 100)
    const json = { ...body, page_size: size, ...(cursor !== undefined && { start_cursor: cursor }) }
    const answer = await api.post(path, { json, reads: true })
    found.push(...answer.json.results)
    if (!answer.json.has_more) break
    cursor = answer.json.next_cursor
  }
  return found
}
