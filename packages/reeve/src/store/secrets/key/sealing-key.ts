import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { ReeveError } from '../../../base/errors.ts'

const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16
const algorithm = 'aes-256-gcm'

/** A value as the database has it. Which name and version it is of is part of what was sealed: rows cannot be swapped. */
export interface Sealed {
  sealed: string
  nonce: string
  key_id: string
}

/** Which value it is. */
export interface SealedPlace {
  name: string
  version: number
}

/** A key of an installation that is never in the database. It seals values with AES-256-GCM. */
export class SealingKey {
  /** Names the key and tells nothing of it. */
  readonly id: string
  /** What the key was made of, as base64url. */
  readonly secret: string
  readonly #sealing: Buffer

  /** @throws `bad-secrets-key` */
  constructor(secret: string) {
    const bytes = Buffer.from(secret, 'base64url')
    if (bytes.length !== keyBytes || bytes.toString('base64url') !== secret.replace(/=+$/, ''))
      throw new ReeveError(
        'bad-secrets-key',
        `A key for secrets is 32 bytes as base64url (43 characters); this one is not. Make one with: ${howToMake}`,
      )
    const derived = (purpose: string) => createHmac('sha256', bytes).update(purpose).digest()
    this.id = derived('reeve secrets: name of the key').toString('hex').slice(0, 12)
    this.#sealing = derived('reeve secrets: seal')
    this.secret = secret
  }

  static make(): SealingKey {
    return new SealingKey(randomBytes(keyBytes).toString('base64url'))
  }

  seal(place: SealedPlace, value: string): Sealed {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv(algorithm, this.#sealing, nonce)
    cipher.setAAD(boundTo(place))
    const text = Buffer.concat([cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return { sealed: text.toString('base64url'), nonce: nonce.toString('base64url'), key_id: this.id }
  }

  /** Undefined: this key sealed no such value for this place. */
  open(place: SealedPlace, { sealed, nonce }: Sealed): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length < tagBytes) return undefined
    try {
      const options = { authTagLength: tagBytes }
      const decipher = createDecipheriv(algorithm, this.#sealing, Buffer.from(nonce, 'base64url'), options)
      decipher.setAAD(boundTo(place))
      decipher.setAuthTag(bytes.subarray(-tagBytes))
      return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString('utf8')
    } catch {
      return undefined
    }
  }
}

export const howToMake = `openssl rand -base64 32 | tr '+/' '-_' | tr -d '='`

function boundTo({ name, version }: SealedPlace): Buffer {
  return Buffer.from(JSON.stringify(['reeve secret', name, version]))
}
