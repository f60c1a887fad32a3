import type { ContractCase } from '../contract/case.ts'
import { githubCase } from './github.ts'
import { hubspotCase } from './hubspot.ts'
import { notionCase } from './notion.ts'
import { s3Case } from './s3.ts'
import { salesforceCase } from './salesforce.ts'
import { stripeCase } from './stripe.ts'
import { ticketsCase } from './tickets/case.ts'
import { zendeskCase } from './zendesk.ts'

/** One for each connector: a new one adds its line here. */
export const cases: readonly ContractCase[] = [
  stripeCase,
  ticketsCase,
  zendeskCase,
  hubspotCase,
  salesforceCase,
  notionCase,
  githubCase,
  s3Case,
]
