import { hash } from 'node:crypto'

/** SHA-256 of a UTF-8 text or of bytes, as 43 characters of base64url. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'base64url')
}

/** A number from 0 up to 1 that is the same for the same text, and spread evenly over texts. */
export function shareOf(text: string): number {
  return hash('sha256', text, 'buffer').readUInt32BE(0) / 2 ** 32
}
