import { randomBytes } from 'node:crypto'
import { sha256 } from '../../base/hash.ts'

/** Ids of before are random, 22 characters, and bind nothing. */
const boundLength = 27

/**
 * An id that no other text can have: the journals that refer to it are chained, so that a row that somebody changed is found out,
 * sealed or not. The nonce is kept with the text and goes with it: without it, nobody can tell by the id what the text was.
 */
export function boundId(text: string): { id: string; nonce: string } {
  const nonce = randomBytes(16).toString('base64url')
  return { id: idOf(nonce, text), nonce }
}

function idOf(nonce: string, text: string): string {
  return sha256(`${nonce}\n${text}`).slice(0, boundLength)
}

/** As a row has it. */
export function withNonce(text: string, nonce: string | undefined): string {
  return nonce === undefined ? text : `${nonce}.${text}`
}

/** What a row has; undefined: it is not what its id stands for. */
export function boundText(id: string, kept: string): { text: string; nonce?: string } | undefined {
  if (id.length !== boundLength) return { text: kept }
  const at = kept.indexOf('.')
  const [nonce, text] = [kept.slice(0, Math.max(at, 0)), kept.slice(at + 1)]
  return idOf(nonce, text) === id ? { text, nonce } : undefined
}
