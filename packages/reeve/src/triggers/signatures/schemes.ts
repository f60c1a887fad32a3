import { bearer } from './bearer.ts'
import { github } from './github.ts'
import type { SignatureKind, SignatureScheme } from './signature.ts'
import { slack } from './slack.ts'
import { standard } from './standard.ts'
import { stripe } from './stripe.ts'

export const schemes: Readonly<Record<SignatureKind, SignatureScheme>> = {
  standard,
  github,
  stripe,
  slack,
  bearer,
}
