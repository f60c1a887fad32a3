import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { files } from '../../../src/connectors/files/files.ts'
import { startFiles } from '../../../src/connectors/files/stand-in.ts'
import { startStandIn } from '../../../src/connectors/stand-in/stand-in.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'

export const filesCase: ConnectorCase = {
  connector: files,
  start: async () => {
    const { url, close } = await startFiles()
    // Nothing of it goes over a network: what can go wrong there cannot.
    const nobody = await startStandIn(() => ({ name: 'nobody', refuse: () => ({ status: 404 }), routes: {} }))
    const closeNobody = nobody.close
    nobody.books.count = () => readdirSync(fileURLToPath(url)).length
    const closeBoth = async () => {
      await Promise.all([closeNobody(), close()])
    }
    return Object.assign(nobody, { url, close: closeBoth })
  },
  isLocal: true,
  read: { action: 'list', args: { path: '' } },
  write: {
    action: 'write',
    args: (index) => ({ path: `out-${index}.txt`, content: `Report ${index}` }),
    deed: 'file',
  },
}
