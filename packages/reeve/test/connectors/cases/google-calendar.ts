import { googleCalendar } from '../../../src/connectors/google-calendar/google-calendar.ts'
import { type CalendarStandIn, start } from '../../../src/connectors/google-calendar/stand-in.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'
import { googleTokens } from './google.ts'

export const googleCalendarCase: ConnectorCase = {
  connector: googleCalendar,
  start,
  read: { action: 'events', args: { from: '2026-05-04T00:00:00Z', until: '2026-05-05T00:00:00Z' } },
  write: {
    action: 'createEvent',
    args: (index) => ({
      summary: `Visit ${index}`,
      start: { dateTime: '2026-05-04T10:00:00Z' },
      end: { dateTime: '2026-05-04T11:00:00Z' },
    }),
    deed: 'event-created',
  },
  oauth: googleTokens((standIn) => (standIn as CalendarStandIn).signIn),
}
