import type { Environment } from '../config.ts'
import { Secrets } from './secrets.ts'

/** Names of variables whose values are secrets. */
const telling =
  /(?:^|[_-])(?:\w*KEY|\w*TOKEN|\w*SECRET|\w*PASSWORD|PASSWD|PASSPHRASE|PASS|PAT|CREDENTIALS?|AUTH|(?:PROXY-)?AUTHORIZATION|DSN|(?:SET-)?COOKIE|WEBHOOK_URL)(?:$|[_-])/i
/** Of those, what only tells where or which the secret is. */
const harmless = /(?:^|[_-])(?:PUBLIC|FILE|PATH|DIR|SOCK|NAME|ID|TYPE|ALGORITHM|LENGTH|TTL)(?:$|[_-])/i
/** Without a password or a key in it. */
const address = /^https?:\/\/[^?@]*$/i
const location = /^(?:\/|\.{1,2}\/|~|[A-Za-z]:\\)/

/**
 * The secrets that the environment holds: keys of model providers, variables whose names say so (`STRIPE_KEY`,
 * `GITHUB_TOKEN`, `SMTP_PASSWORD`), and passwords inside URLs, that of the database among them.
 */
export function secretsOf({ database, keys, variables = {} }: Environment): Secrets {
  const secrets = secretsOfVariables(variables)
  if (database.kind === 'postgres') addPasswords(secrets, database.url)
  for (const value of Object.values(keys)) {
    if (value !== undefined && !address.test(value)) secrets.add([value.trim()])
  }
  return secrets
}

export function secretsOfVariables(variables: NodeJS.ProcessEnv): Secrets {
  const secrets = new Secrets()
  addVariables(secrets, variables)
  return secrets
}

/** Adds what is secret among named values: variables, or headers. */
export function addVariables(
  secrets: Secrets,
  variables: Readonly<Record<string, string | undefined>>,
): void {
  for (const [name, value = ''] of Object.entries(variables)) {
    if (value.includes('://')) addPasswords(secrets, value)
    if (!telling.test(name) || harmless.test(name) || location.test(value) || address.test(value)) continue
    // A name may mislead: what reads like a plain word is not redacted in every text.
    if (looksPlain(value)) secrets.addPasswords([value])
    else secrets.add(credentialsIn(value))
  }
}

/** The parts of a credential that are secret: the whole, and what follows a scheme such as `Bearer`. */
export function credentialsIn(value: string): string[] {
  const whole = value.trim()
  return [whole, whole.replace(/^\S+\s+/, '')]
}

/** A short value, a plain word such as the password "postgres", or a number. */
function looksPlain(value: string): boolean {
  return value.length < 8 || (value.length < 20 && /^([a-z]+|[A-Z]+|[A-Z][a-z]+|[\d.]+)$/.test(value))
}

/** The password of a URL, as it is written and as it is meant, also with its user before it. */
function addPasswords(secrets: Secrets, url: string): void {
  const [, authority = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)@/i.exec(url) ?? []
  const colon = authority.indexOf(':')
  const inQuery = [...url.matchAll(/[?&](?:password|token|api_?key|secret|sig)=([^&#]+)/gi)]
  const written = [...(colon < 0 ? [] : [authority.slice(colon + 1)]), ...inQuery.map((match) => match[1]!)]
  for (const password of written.flatMap((text) => [text, decoded(text)])) {
    if (looksPlain(password)) secrets.addPasswords([password])
    else secrets.add([password])
  }
  if (colon >= 0) secrets.add([decoded(authority)])
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
