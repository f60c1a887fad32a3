import { hubspot } from '../../../src/connectors/hubspot/hubspot.ts'
import { startHubSpot } from '../../../src/connectors/hubspot/stand-in.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'

export const hubspotCase: ConnectorCase = {
  connector: hubspot,
  start: async (options) => {
    const standIn = await startHubSpot(options)
    standIn.add('contacts', { email: 'ann@x.example' })
    return standIn
  },
  read: { action: 'getRecord', args: { object: 'contacts', id: '501' } },
  write: {
    action: 'createRecord',
    args: (index) => ({ object: 'deals', properties: { dealname: `Deal ${index}` } }),
    deed: 'deals-created',
  },
}
