import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { startStandIn } from '../../../../src/connectors/stand-in/stand-in.ts'
import type { ConnectorCase } from '../../../../src/testing/connector-checks/case.ts'
import { books } from './books.ts'

/** How often each key wrote, as the database has it. */
function deedsIn(file: string): { key: string }[] {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
  try {
    return database.prepare('select id as key from payments').all() as unknown as { key: string }[]
  } finally {
    database.close()
  }
}

export const sqlCase: ConnectorCase = {
  connector: books,
  start: async () => {
    const start = await books.definition.sandbox.standIn.load()
    const { url, close } = await start({})
    // Nothing of it goes over a network: what can go wrong there cannot.
    const nobody = await startStandIn(() => ({ name: 'nobody', refuse: () => ({ status: 404 }), routes: {} }))
    const closeNobody = nobody.close
    nobody.books.count = () => deedsIn(fileURLToPath(url)).length
    const closeBoth = async () => {
      await Promise.all([closeNobody(), close()])
    }
    return Object.assign(nobody, { url, close: closeBoth })
  },
  isLocal: true,
  read: { action: 'order', args: { id: 'o1' } },
  write: {
    action: 'pay',
    args: (index) => ({ order: 'o2', cents: 100 + index }),
    deed: 'payment',
  },
}
