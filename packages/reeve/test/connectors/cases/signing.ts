import { createHmac } from 'node:crypto'

/** By which a service signs what it posts: written from its documentation, not from the code that reads it. */
export function hmac(key: string | Buffer, ...parts: (string | Buffer)[]): Buffer {
  return createHmac('sha256', key)
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest()
}

export function hmacHex(key: string, ...parts: (string | Buffer)[]): string {
  return hmac(key, ...parts).toString('hex')
}
