import { bearer } from './bearer.ts'
import { github } from './github.ts'
import type { SignatureKind, SignatureScheme } from './signature.ts'
import { slack } from './slack.ts'
import { standard } from './standard.ts'
import { stripe } from './stripe.ts'
import { zendesk } from './zendesk.ts'

export const schemes: Readonly<Record<SignatureKind, SignatureScheme>> = {
  standard,
  github,
  stripe,
  slack,
  zendesk,
  bearer,
}
