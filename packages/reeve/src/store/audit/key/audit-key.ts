import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import { ReeveError } from '../../../base/errors.ts'
import { sha256 } from '../../../base/hash.ts'

/** Of the secret that a key is made of. */
const secretBytes = 32
const idCharacters = 12

/** What stands before the seed of an ed25519 key in PKCS#8, and before a public one in SPKI. */
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * A key of an installation, made of one secret of 32 bytes that is never in the database: it signs heads (ed25519), which
 * anybody can check with the public half, and seals single rows (HMAC-SHA-256), which its holder can check.
 */
export class AuditKey {
  /** Names the key: the beginning of the hash of its public half. */
  readonly id: string
  /** 32 bytes as base64url. */
  readonly publicKey: string
  /** What the key was made of, as base64url. */
  readonly secret: string
  readonly #private: KeyObject
  readonly #sealing: Buffer

  /** @throws `bad-audit-key` */
  constructor(secret: string) {
    const bytes = Buffer.from(secret, 'base64url')
    if (bytes.length !== secretBytes || bytes.toString('base64url') !== secret.replace(/=+$/, ''))
      throw new ReeveError(
        'bad-audit-key',
        `An audit key is 32 bytes as base64url (43 characters); this one is not. Make one with: openssl rand -base64 32 | tr '+/' '-_' | tr -d '='`,
      )
    const derived = (purpose: string) => createHmac('sha256', bytes).update(purpose).digest()
    this.#private = createPrivateKey({
      key: Buffer.concat([privatePrefix, derived('reeve audit: sign')]),
      format: 'der',
      type: 'pkcs8',
    })
    this.#sealing = derived('reeve audit: seal')
    const spki = createPublicKey(this.#private).export({ format: 'der', type: 'spki' })
    this.publicKey = spki.subarray(publicPrefix.length).toString('base64url')
    this.id = keyIdOf(this.publicKey)
    this.secret = secret
  }

  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#private).toString('base64url')
  }

  /** `parts` can be told apart in what is sealed. */
  seal(parts: readonly (string | number | null)[]): string {
    const digest = createHmac('sha256', this.#sealing).update(JSON.stringify(parts)).digest('base64url')
    return `${this.id}.${digest}`
  }
}

function keyIdOf(publicKey: string): string {
  return sha256(publicKey).slice(0, idCharacters)
}

/** Whether the holder of this public key signed the text. */
export function isSigned(text: string, signature: string, publicKey: string): boolean {
  try {
    const key = createPublicKey({
      key: Buffer.concat([publicPrefix, Buffer.from(publicKey, 'base64url')]),
      format: 'der',
      type: 'spki',
    })
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))
  } catch {
    return false
  }
}

export function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}
