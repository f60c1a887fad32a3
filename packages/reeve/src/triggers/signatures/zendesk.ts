import {
  digestOf,
  type Headers,
  hmac,
  isSame,
  json,
  required,
  type SignatureScheme,
  shortProblem,
  unsigned,
} from './signature.ts'
import { idIn } from './stripe.ts'

/**
 * Zendesk: the HMAC of the timestamp and the body, one behind the other, in base64. An event is named by its id, which stands in the
 * signed body. What a trigger of Zendesk posts is written by an administrator, and an id in it may be that of the ticket, the same
 * in each: it is named by all that was signed.
 */
export const zendesk: SignatureScheme = {
  contentTypes: json,
  read(headers: Headers) {
    const timestamp = required(headers, 'x-zendesk-webhook-signature-timestamp')
    const signature = required(headers, 'x-zendesk-webhook-signature')
    const sentAt = Date.parse(timestamp) / 1000
    const isTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/.test(timestamp)
    if (!isTime || !Number.isFinite(sentAt))
      throw unsigned('x-zendesk-webhook-signature-timestamp is not a time such as 2026-07-01T09:00:00Z')
    return {
      sentAt,
      isBy: (secret, body) => isSame(Buffer.from(signature, 'base64'), hmac(secret, timestamp, body)),
      deliveryOf: (body) =>
        (idIn(body, 'zendesk_event_version') && idIn(body, 'id')) ?? digestOf(timestamp, body),
    }
  },
  sign(secret, body, sentAt) {
    const timestamp = new Date(sentAt * 1000).toISOString().replace('.000Z', 'Z')
    return {
      'content-type': 'application/json',
      'x-zendesk-webhook-signature-timestamp': timestamp,
      'x-zendesk-webhook-signature': hmac(secret, timestamp, body).toString('base64'),
    }
  },
  problemOf: (secret) => shortProblem(secret),
}
