import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'
import { emailCase } from './email.ts'
import { filesCase } from './files.ts'
import { githubCase } from './github.ts'
import { gmailCase } from './gmail.ts'
import { googleCalendarCase } from './google-calendar.ts'
import { hubspotCase } from './hubspot.ts'
import { notionCase } from './notion.ts'
import { qdrantCase } from './qdrant.ts'
import { restCase } from './rest/case.ts'
import { s3Case } from './s3.ts'
import { salesforceCase } from './salesforce.ts'
import { slackCase } from './slack.ts'
import { sqlCase } from './sql/case.ts'
import { stripeCase } from './stripe.ts'
import { telegramCase } from './telegram.ts'
import { ticketsCase } from './tickets/case.ts'
import { zendeskCase } from './zendesk.ts'

/** One for each connector: a new one adds its line here. */
export const cases: readonly ConnectorCase[] = [
  stripeCase,
  ticketsCase,
  zendeskCase,
  hubspotCase,
  salesforceCase,
  notionCase,
  githubCase,
  s3Case,
  filesCase,
  emailCase,
  gmailCase,
  googleCalendarCase,
  slackCase,
  telegramCase,
  restCase,
  sqlCase,
  qdrantCase,
]
