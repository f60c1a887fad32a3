import { notion } from '../../../src/connectors/notion/notion.ts'
import { startNotion } from '../../../src/connectors/notion/stand-in.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'

const tasks = '00000000-0000-4000-8000-00000000da7a'

export const notionCase: ConnectorCase = {
  connector: notion,
  start: startNotion,
  read: { action: 'queryDataSource', args: { id: tasks } },
  write: {
    action: 'createPage',
    args: (index) => ({
      parent: { data_source_id: tasks },
      properties: { Name: { title: [{ text: { content: `Task ${index}` } }] } },
    }),
    deed: 'page-created',
  },
}
