import type { ReeveError } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { bearer } from './bearer.ts'
import { github } from './github.ts'
import { checkHmac, type HmacSignature, ownHmac } from './own-hmac.ts'
import type { SignatureKind, SignatureScheme } from './signature.ts'
import { slack } from './slack.ts'
import { standard } from './standard.ts'
import { stripe } from './stripe.ts'
import { zendesk } from './zendesk.ts'

/** How a sender signs: a scheme that has a name, or an HMAC of its own. */
export type WebhookSignature = SignatureKind | HmacSignature

const schemes: Readonly<Record<SignatureKind, SignatureScheme>> = {
  standard,
  github,
  stripe,
  slack,
  zendesk,
  bearer,
}

export function schemeOf(signature: WebhookSignature): SignatureScheme {
  return typeof signature === 'string' ? schemes[signature] : ownHmac(signature)
}

/** @throws what `refuse` makes of what is wrong with it */
export function checkSignature(signature: WebhookSignature, refuse: (problem: string) => ReeveError): void {
  if (typeof signature === 'object' && isRecord(signature)) checkHmac(signature, refuse)
  else if (typeof signature !== 'string' || !Object.hasOwn(schemes, signature)) {
    const known = Object.keys(schemes).join(', ')
    throw refuse(
      `has the signature ${describeValue(signature)}; it must be one of: ${known}; or an HMAC of the sender's own: { header: 'NAME' }.`,
    )
  }
}

/** For screens. */
export function signatureWords(signature: WebhookSignature): string {
  if (typeof signature === 'string') return signature
  return `HMAC ${signature.algorithm ?? 'sha256'} in ${signature.header}`
}
