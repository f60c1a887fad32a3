import { s3 } from '../../../src/connectors/s3/s3.ts'
import { startS3 } from '../../../src/connectors/s3/stand-in.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'

export const s3Case: ConnectorCase = {
  connector: s3,
  start: async (options) => {
    const standIn = await startS3(options)
    standIn.put('report.txt', 'hello')
    return standIn
  },
  read: { action: 'read', args: { key: 'report.txt' } },
  write: {
    action: 'write',
    args: (index) => ({ key: `out/${index}.txt`, content: `Report ${index}`, only: { isNew: true } }),
    deed: 'object-put',
  },
}
