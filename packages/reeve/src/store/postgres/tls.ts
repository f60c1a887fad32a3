import { readFileSync } from 'node:fs'
import { messageOf } from '../../base/errors.ts'

const modes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify']

/**
 * Has the modes mean what they mean to every other client of Postgres, in place of the driver's stricter reading.
 * Answers what is wrong with them, if anything is.
 */
export function settleTls(parameters: URLSearchParams): string | undefined {
  const mode = parameters.get('sslmode')
  if (mode !== null && !modes.includes(mode)) return `sslmode=${mode} is not one of ${modes.join(', ')}`
  // The authorities that this system trusts are those that count without a file.
  if (parameters.get('sslrootcert') === 'system') parameters.delete('sslrootcert')
  const authority = parameters.get('sslrootcert')
  if (mode === 'verify-ca' && authority === null)
    return 'sslmode=verify-ca needs the authority that signed: add &sslrootcert=PATH, or use verify-full'
  if (mode !== null && mode !== 'no-verify' && !parameters.has('uselibpqcompat'))
    parameters.set('uselibpqcompat', 'true')
  return authority === null ? undefined : problemOf(authority)
}

function problemOf(file: string): string | undefined {
  try {
    if (readFileSync(file, 'utf8').includes('-----BEGIN CERTIFICATE-----')) return undefined
    return `sslrootcert=${file} holds no certificate (PEM)`
  } catch (error) {
    return `sslrootcert=${file} cannot be read: ${messageOf(error)}`
  }
}

/** Whether the server has no TLS to offer. */
export function lacksTls(said: string): boolean {
  return /does not support SSL/i.test(said)
}

const untrusted =
  /SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE|CERT_REJECTED|INVALID_CA/

/** What to do about a handshake that failed, by Node's code and message; undefined when it was something else. */
export function tlsAdvice(code: string, said: string): string | undefined {
  if (lacksTls(said))
    return 'Turn TLS on at the server (ssl = on), or say sslmode=disable in DATABASE_URL where nobody can listen.'
  if (untrusted.test(code))
    return "The server's certificate is signed by an authority that is not trusted here. Name its authority's certificate in DATABASE_URL: &sslrootcert=PATH. If you expected another, you may not be talking to your server."
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return "The server's certificate is for another host. Write the host in DATABASE_URL by a name that its certificate has, or give the server a certificate for this one."
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return "Renew the server's certificate, or set this machine's clock right."
  if (/certificate|SSL|TLS/i.test(said) || /^ERR_(SSL|TLS)/.test(code))
    return 'Check sslmode (disable, require, verify-ca, verify-full) and sslrootcert in DATABASE_URL against what the server offers.'
  return undefined
}
