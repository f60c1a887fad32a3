import { parseExactJson } from '../../base/json/exact-json.ts'
import { isRecord } from '../../base/json/record.ts'
import { briefLine } from '../../base/text/one-line.ts'
import { retryAfterMs } from '../../base/time/retry-after.ts'
import type { HttpResponse } from '../../tools/http/http-client.ts'
import type { Refusal } from '../shape/refusal.ts'
import type { ServiceAnswer } from './service-call.ts'

/** What came back, read as far as its type says. A broken text of JSON has no `json`. */
export function answerOf({ status, headers, contentType, text, bytes }: HttpResponse): ServiceAnswer {
  return { status, headers, contentType, text, bytes, json: jsonOf(contentType, text) }
}

function jsonOf(contentType: string, text: string): unknown {
  if (!/^application\/(.+\+)?json$/.test(contentType) || text.trim() === '') return null
  try {
    return parseExactJson(text, 'The answer')
  } catch {
    try {
      // A number that is too long for JavaScript is the vendor's own affair.
      return JSON.parse(text)
    } catch {
      return null
    }
  }
}

/** Below 500, and of no more meaning: it took too long, or came too early. */
const passing = new Set([408, 425])

/**
 * What an answer means by its status alone; undefined: a success. Connectors say first what they know better.
 * @example
 * import { refusalOf, type ServiceAnswer } from 'reeve/connectors'
 *
 * export const refusal = (answer: ServiceAnswer) =>
 *   answer.json?.ok === false ? { kind: 'refused' as const, code: answer.json.error } : refusalOf(answer)
 */
export function refusalOf(answer: ServiceAnswer): Refusal | undefined {
  const { status } = answer
  // In the place of the service: what is down for now says so by its status.
  if (isErrorPage(answer) && status !== 429)
    return { kind: 'failed', message: pageWords(answer), isLasting: status < 500 && !passing.has(status) }
  if (status < 400) return undefined
  const said = saidIn(answer.json)
  const waitMs = retryAfterMs(answer.headers)
  switch (status) {
    case 401:
      return { kind: 'credential', ...said }
    case 403:
      return { kind: 'refused', ...said }
    case 429:
      return { kind: 'rate', ...said, waitMs }
    default:
      if (status >= 500 || passing.has(status))
        return { kind: 'failed', ...said, waitMs, isLasting: status === 501 }
      return { kind: 'refused', ...said, waitMs }
  }
}

/** Where an answer of a program is expected, something in front of it answers with a page for people. */
function isErrorPage({ contentType, text }: ServiceAnswer): boolean {
  return contentType === 'text/html' && /^\s*<(?:!doctype|html|head|body)/i.test(text)
}

function pageWords({ text }: ServiceAnswer): string {
  const title = /<title[^>]*>([^<]{1,200})/i.exec(text)?.[1]?.trim()
  return `a page in HTML${title ? ` with the title ${JSON.stringify(briefLine(title, 80))}` : ''}, where data was expected`
}

/** Where most services have the words of an error. */
function saidIn(json: unknown): { code?: string; message?: string } {
  if (!isRecord(json)) return {}
  const its = isRecord(json.error) ? json.error : json
  const text = (value: unknown) =>
    typeof value === 'string' && value !== '' ? briefLine(value, 500) : undefined
  const code = text(its.code) ?? text(its.type) ?? text(json.error)
  const message = text(its.message) ?? text(its.error_description) ?? text(its.detail) ?? text(its.title)
  return { ...(code !== undefined && { code }), ...(message !== undefined && { message }) }
}
