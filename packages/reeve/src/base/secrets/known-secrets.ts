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
    // `api-key=…,x-team=…`, as collectors of telemetry are given them.
    if (/_HEADERS$/.test(name)) addVariables(secrets, pairsOf(value))
    if (!telling.test(name) || harmless.test(name) || location.test(value) || address.test(value)) continue
    // A name may mislead: what reads like a plain word is not redacted in every text.
    if (looksPlain(value)) secrets.addPasswords([value])
    else secrets.add(credentialsIn(value))
  }
}

/** A shorter line of a secret of several lines stands in other texts, too. */
const shortestLine = 20

/**
 * Registers a value that is surely secret, and the parts of it that give it away by themselves: the lines of a private key, and
 * what the secret fields of a document have (an account of a service as JSON).
 */
export function addSecretParts(secrets: Secrets, value: string): void {
  const lines = value.includes('\n') ? value.split(/\s*\n\s*/) : []
  secrets.add([value, ...lines.filter((line) => line.length >= shortestLine && !line.startsWith('-----'))])
  if (value.startsWith('{')) addVariables(secrets, textsIn(value))
}

function textsIn(json: string): Record<string, string> {
  const found: Record<string, string> = Object.create(null)
  try {
    JSON.parse(json, (name, value) => {
      if (typeof value === 'string') found[name] = value
      return value as unknown
    })
  } catch {
    // A text that only begins like a document.
  }
  return found
}

function pairsOf(list: string): Record<string, string> {
  const pairs = list.split(',').map((pair) => pair.split(/=(.*)/s, 2).map((part) => decoded(part.trim())))
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value]))
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
