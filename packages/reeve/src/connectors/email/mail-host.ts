/** Where a mail server is. */
export interface MailHost {
  host: string
  port: number
}

/** What signs in at both servers. */
export type MailLogin = { user: string; password: string } | { user: string; accessToken: string }

const implicitTls = new Set([465, 993])

/**
 * Whether and how a connection is encrypted: from the first byte at the ports that are made for that, else by STARTTLS, without
 * which nothing is said. Only a server on this machine may do without.
 */
export function encryptionOf({ host, port }: MailHost): 'implicit' | 'starttls' | 'none' {
  if (implicitTls.has(port)) return 'implicit'
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(host) ? 'none' : 'starttls'
}
