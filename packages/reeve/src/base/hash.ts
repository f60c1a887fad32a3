import { hash } from 'node:crypto'

/** SHA-256 of a UTF-8 text or of bytes, as 43 characters of base64url. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'base64url')
}
