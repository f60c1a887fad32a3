import { randomBytes } from 'node:crypto'
import type { StandInAnswer, StandInRequest } from '../../stand-in/exchange.ts'

/** An object as Stripe answers it. */
export interface Thing {
  id: string
  [field: string]: unknown
}

export type Form = { [name: string]: unknown }

const page = 10

export function failure(status: number, type: string, message: string, code?: string): StandInAnswer {
  return { status, body: { error: { type, message, ...(code !== undefined && { code }) } } }
}

export function list(all: Thing[], query: URLSearchParams, url: string): StandInAnswer {
  const limit = Math.min(Math.max(Number(query.get('limit') ?? page), 1), 100)
  const after = query.get('starting_after')
  const from = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1
  return {
    body: { object: 'list', url, has_more: from + limit < all.length, data: all.slice(from, from + limit) },
  }
}

/** `a[b]=c` is `{ a: { b: 'c' } }`. */
export function readForm({ body }: StandInRequest): Form {
  const form: Form = {}
  for (const [name, value] of new URLSearchParams(body.toString())) {
    const [, outer = name, inner] = /^([^[]+)\[([^\]]*)\]$/.exec(name) ?? []
    if (inner === undefined) form[outer] = value
    else form[outer] = { ...(form[outer] as object | undefined), [inner]: value }
  }
  return form
}

export function made(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`
}
