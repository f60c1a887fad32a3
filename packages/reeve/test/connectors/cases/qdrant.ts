import { qdrant } from '../../../src/connectors/qdrant/qdrant.ts'
import { startQdrant } from '../../../src/connectors/qdrant/stand-in.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'

export const qdrantCase: ConnectorCase = {
  connector: qdrant,
  elsewhere: (host) => ({ url: `http://${host}` }),
  start: startQdrant,
  read: { action: 'search', args: { collection: 'articles', vector: [1, 0, 0] } },
  write: {
    action: 'upsertPoints',
    args: (index) => ({
      collection: 'articles',
      points: [{ id: index, vector: [1, index, 0], payload: { text: `Article ${index}` } }],
    }),
    deed: 'point-written',
  },
}
