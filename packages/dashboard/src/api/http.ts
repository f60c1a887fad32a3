/** What the API says when it cannot do what was asked (RFC 9457). */
export class Problem extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, detail: string) {
    super(detail)
    this.status = status
    this.code = code
  }
}

type Query = Record<string, string | number | boolean | readonly string[] | undefined>

let csrfToken: string | null = null

/** Each write says it: another page could make the browser send the cookie, but does not know the token. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token
}

export function read<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return ask<T>('GET', `${path}${queryText(query)}`, undefined, signal)
}

/** `key`: a write that is repeated with it is done once. */
export function write<T>(
  path: string,
  body: unknown = {},
  { key = crypto.randomUUID(), method = 'POST' }: { key?: string; method?: 'POST' | 'PUT' | 'DELETE' } = {},
): Promise<T> {
  return ask<T>(method, path, { body, key })
}

async function ask<T>(
  method: string,
  path: string,
  sent?: { body: unknown; key: string },
  signal?: AbortSignal,
): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (sent) {
    headers['content-type'] = 'application/json'
    headers['idempotency-key'] = sent.key
    if (csrfToken !== null) headers['x-csrf-token'] = csrfToken
  }
  let answer: Response
  try {
    answer = await fetch(path, {
      method,
      headers,
      credentials: 'same-origin',
      ...(sent && { body: JSON.stringify(sent.body) }),
      ...(signal && { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new Problem(0, 'server-gone', 'The server does not answer. What you see is what it said last.')
  }
  const text = await answer.text()
  const said: unknown = text === '' ? null : parse(text)
  if (answer.ok) return said as T
  const { code = 'unreadable', detail = answer.statusText } = (said ?? {}) as {
    code?: string
    detail?: string
  }
  throw new Problem(answer.status, code, detail)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function queryText(query: Query): string {
  const parts = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue
    if (Array.isArray(value)) for (const one of value) parts.append(name, String(one))
    else parts.append(name, String(value))
  }
  const text = parts.toString()
  return text === '' ? '' : `?${text}`
}
