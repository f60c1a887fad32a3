import { github } from '../../../src/connectors/github/github.ts'
import { startGitHub } from '../../../src/connectors/github/stand-in.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'
import { hmacHex } from './signing.ts'

export const githubCase: ConnectorCase = {
  connector: github,
  settings: { repositories: ['acme/shop'] },
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
  events: {
    event: {
      ours: (index) => issueOpened(index, 'Acme/Shop'),
      theirs: (index) => issueOpened(index, 'eve/shop'),
      sign: (body, { secret, id }) => ({
        'x-github-event': 'issues',
        'x-github-delivery': id,
        'x-hub-signature-256': `sha256=${hmacHex(secret, body)}`,
      }),
    },
  },
}

function issueOpened(index: number, repository: string): object {
  const user = { login: 'ann' }
  const issue = { number: index + 1, title: `Issue ${index}`, user }
  return { action: 'opened', issue, repository: { full_name: repository }, sender: user }
}
