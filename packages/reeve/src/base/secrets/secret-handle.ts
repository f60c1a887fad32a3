import { inspect } from 'node:util'
import { ReeveError } from '../errors.ts'

/** Opens a secret at the moment it is sent. @throws `unknown-secret` `secrets-key-missing` `secret-forged` `secret-not-declared` */
export type Reveal = (secret: Secret | string) => Promise<string>

/** What a handle is made of: texts of code, and names of secrets. */
type Part = string | { name: string }

/**
 * Stands for a secret in code: a name, and never a value. Whatever it is written into (a text, JSON, a log) says which secret it
 * is. Tools open it when they send it.
 */
export class Secret {
  readonly #parts: readonly Part[]
  readonly #isBase64: boolean

  /** @internal */
  constructor(parts: readonly Part[], isBase64 = false) {
    this.#parts = parts
    this.#isBase64 = isBase64
  }

  /** The names of the secrets in it. */
  get names(): string[] {
    return [...new Set(this.#parts.flatMap((part) => (typeof part === 'string' ? [] : [part.name])))]
  }

  /** Of a handle that stands for one secret as it is, its name; undefined: it has more in it. */
  get onlyName(): string | undefined {
    const [part, ...more] = this.#parts
    return typeof part === 'object' && more.length === 0 && !this.#isBase64 ? part.name : undefined
  }

  /** @internal What goes on the wire. */
  async opened(reveal: (name: string) => Promise<string>): Promise<string> {
    const texts: string[] = []
    for (const part of this.#parts) texts.push(typeof part === 'string' ? part : await reveal(part.name))
    const text = texts.join('')
    return this.#isBase64 ? `Basic ${Buffer.from(text).toString('base64')}` : text
  }

  /** @internal */
  get parts(): readonly Part[] {
    if (this.#isBase64)
      throw badHandle('basicAuth(…) is a whole header already and cannot be part of another text')
    return this.#parts
  }

  toString(): string {
    return `${handleMark}${this.names.join(', ')}]`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }
}

const handleMark = '[secret:'
const namePattern = /^[A-Za-z_][\w.:-]{0,99}$/

/**
 * A handle to a secret that `reeve secrets set NAME` keeps sealed. Give it to tools where they take credentials; they open it when
 * they send it, and nothing else ever sees the value. Written before a template it makes a handle of a text with secrets in it.
 * @throws `bad-secret`
 * @example
 * import { secret } from 'reeve'
 * import { httpTool } from 'reeve/tools'
 *
 * export default httpTool({
 *   name: 'stripe.request',
 *   allow: ['api.stripe.com'],
 *   methods: ['GET', 'POST'],
 *   credentials: { 'https://api.stripe.com': { authorization: secret`Bearer ${secret('STRIPE_KEY')}` } },
 * })
 */
export function secret(name: string): Secret
export function secret(texts: TemplateStringsArray, ...handles: readonly Secret[]): Secret
export function secret(given: string | TemplateStringsArray, ...handles: readonly Secret[]): Secret {
  if (typeof given === 'string') {
    if (namePattern.test(given)) return new Secret([{ name: given }])
    // It may be the secret itself.
    throw badHandle(
      'the name of a secret has up to 100 letters, digits, "_", ".", ":" and "-", such as STRIPE_KEY',
    )
  }
  if (!Array.isArray(given)) throw badHandle('give it the name of a secret, such as STRIPE_KEY')
  const parts = given.flatMap((text, index) => [text, ...partsOf(handles[index])])
  return new Secret(parts.filter((part) => part !== ''))
}

/**
 * A handle to the header `Authorization: Basic …` of a user and a password. Either may be a text or a handle; many services take
 * their key as the user, with an empty password.
 * @throws `bad-secret`
 * @example
 * import { basicAuth, secret } from 'reeve'
 *
 * export const credentials = { 'https://shop.example': { authorization: basicAuth('ann', secret('SHOP_PASSWORD')) } }
 */
export function basicAuth(user: string | Secret, password: string | Secret): Secret {
  const text = (value: string | Secret): readonly Part[] =>
    typeof value === 'string' ? [value] : partsOf(value)
  return new Secret([...text(user), ':', ...text(password)], true)
}

function partsOf(handle: Secret | undefined): readonly Part[] {
  if (handle === undefined) return []
  if (handle instanceof Secret) return handle.parts
  throw badHandle('the template of a secret takes handles only, such as secret(NAME)')
}

function badHandle(why: string): ReeveError {
  return new ReeveError('bad-secret', `A handle to a secret cannot be made: ${why}.`)
}

/** The names in a list of names and handles. @throws `bad-secret` */
export function declaredSecrets(given: readonly (string | Secret)[] = []): readonly string[] {
  return [...new Set(given.flatMap((each) => (each instanceof Secret ? each : secret(each)).names))]
}

/** The names of the secrets in a value with handles, at any depth. */
export function secretNamesIn(value: unknown): string[] {
  if (value instanceof Secret) return value.names
  if (typeof value !== 'object' || value === null) return []
  return [...new Set(Object.values(value).flatMap(secretNamesIn))]
}

/**
 * Named values with every handle opened. `reveal` absent: nobody may open them here.
 * @throws `secret-not-here` `bad-secret` when a handle was written into a text, and what `reveal` throws
 */
export async function openAll(
  values: Readonly<Record<string, string | Secret>>,
  reveal: Reveal | undefined,
  what: string,
): Promise<Record<string, string>> {
  const opened: Record<string, string> = {}
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string') {
      if (value.includes(handleMark))
        throw new ReeveError(
          'bad-secret',
          `${what} has "${name}" with a handle to a secret written into a plain text. Write secret before the template: secret\`Bearer \${secret('NAME')}\``,
        )
      opened[name] = value
    } else opened[name] = await openOne(value, reveal, what)
  }
  return opened
}

async function openOne(value: Secret, reveal: Reveal | undefined, what: string): Promise<string> {
  if (reveal) return reveal(value)
  throw new ReeveError(
    'secret-not-here',
    `${what} needs the secret ${value.names.join(', ')}, which is opened only while a run calls a tool that declares it.`,
  )
}
