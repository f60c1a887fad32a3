import {
  digestOf,
  type Headers,
  hmac,
  idIn,
  isoSecondsIn,
  isSame,
  json,
  required,
  type SignatureScheme,
  shortProblem,
} from './signature.ts'

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
    return {
      sentAt: isoSecondsIn(timestamp, 'x-zendesk-webhook-signature-timestamp'),
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
