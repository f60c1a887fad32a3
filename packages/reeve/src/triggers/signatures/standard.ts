import { type Headers, hmac, isSame, json, required, type SignatureScheme, secondsIn } from './signature.ts'

const prefix = 'whsec_'
/** The specification wants 24 to 64 bytes. */
const leastBytes = 24

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, 'base64')
}

function signatureOf(secret: string, id: string, sentAt: string, body: Buffer): Buffer {
  return hmac(keyOf(secret), `${id}.${sentAt}.`, body)
}

/** Standard Webhooks: the HMAC of `id.timestamp.body`, several of them side by side while a secret is replaced. */
export const standard: SignatureScheme = {
  contentTypes: json,
  read(headers: Headers) {
    const id = required(headers, 'webhook-id')
    const timestamp = required(headers, 'webhook-timestamp')
    const signatures = required(headers, 'webhook-signature').split(' ').slice(0, 16)
    return {
      sentAt: secondsIn(timestamp, 'webhook-timestamp'),
      isBy(secret, body) {
        const wanted = signatureOf(secret, id, timestamp, body)
        return signatures.some(
          (each) => each.startsWith('v1,') && isSame(Buffer.from(each.slice(3), 'base64'), wanted),
        )
      },
      deliveryOf: () => id,
    }
  },
  sign(secret, body, sentAt, id) {
    const signature = signatureOf(secret, id, String(sentAt), body).toString('base64')
    return {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(sentAt),
      'webhook-signature': `v1,${signature}`,
    }
  },
  problemOf(secret) {
    const bytes = keyOf(secret).length
    return bytes < leastBytes ? `it is ${bytes} bytes of base64; ${leastBytes} are the fewest` : undefined
  },
}
