import type { MailStore } from './mail-store.ts'

/** An account of the stand-in. */
export interface MailAccount {
  address: string
  password: string
  /** A bearer token, for XOAUTH2; null: it takes none. */
  token: string | null
  /** Its password and its token are good for nothing any more, open sessions included. */
  isRevoked: boolean
  readonly store: MailStore
}

export function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8')
}

/** What a client says by XOAUTH2: its user, and a token. */
export function readBearer(response: string): { user: string; token: string } {
  const parts = fromBase64(response).split('\u0001')
  const part = (name: string) => parts.find((each) => each.startsWith(name))?.slice(name.length) ?? ''
  return { user: part('user='), token: part('auth=Bearer ') }
}
