import { github } from '../../../src/connectors/github/github.ts'
import { startGitHub } from '../../../src/connectors/github/stand-in.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'

export const githubCase: ConnectorCase = {
  connector: github,
  start: async (options) => {
    const standIn = await startGitHub(options)
    standIn.add({ title: 'Broken' })
    return standIn
  },
  read: { action: 'getIssue', args: { repository: 'acme/shop', number: 1 } },
  write: {
    action: 'createIssue',
    args: (index) => ({ repository: 'acme/shop', title: `Issue ${index}`, body: 'It is broken' }),
    deed: 'issue-created',
  },
}
