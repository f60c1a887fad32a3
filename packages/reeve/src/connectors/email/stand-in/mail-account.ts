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
