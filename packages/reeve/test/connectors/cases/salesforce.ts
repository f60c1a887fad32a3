import { salesforce } from '../../../src/connectors/salesforce/salesforce.ts'
import { type SalesforceStandIn, startSalesforce } from '../../../src/connectors/salesforce/stand-in.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'

export const salesforceCase: ConnectorCase = {
  connector: salesforce,
  start: async (options) => {
    const standIn = await startSalesforce(options)
    standIn.add('Contact', { LastName: 'Ash' })
    return standIn
  },
  read: { action: 'getRecord', args: { object: 'Contact', id: '003000000000001AAA', fields: ['LastName'] } },
  write: {
    action: 'createRecord',
    args: (index) => ({ object: 'Contact', fields: { LastName: `Contact ${index}` } }),
    deed: 'Contact-created',
  },
  oauth: {
    tokens: (standIn) => (standIn as SalesforceStandIn).tokens,
    credential: (standIn) => {
      const { accessToken, refreshToken } = (standIn as SalesforceStandIn).tokens.issue(['api'])
      const client = { client_id: 'stand-in-client', client_secret: 'stand-in-secret' }
      return JSON.stringify({ ...client, access_token: accessToken, refresh_token: refreshToken })
    },
  },
}
