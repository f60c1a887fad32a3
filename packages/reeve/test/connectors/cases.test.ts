import { expect, test } from 'vitest'
import { parse } from '../../src/base/schema/schema.ts'
import type { AnyAction } from '../../src/connectors/shape/action.ts'
import { startOf } from '../../src/testing/connector-checks/desk.ts'
import { atTheDoor } from './at-the-door.ts'
import { githubCase } from './cases/github.ts'
import { hubspotCase } from './cases/hubspot.ts'
import { notionCase } from './cases/notion.ts'
import { qdrantCase } from './cases/qdrant.ts'
import { s3Case } from './cases/s3.ts'
import { salesforceCase } from './cases/salesforce.ts'
import { zendeskCase } from './cases/zendesk.ts'

const cases = [zendeskCase, hubspotCase, salesforceCase, notionCase, githubCase, s3Case, qdrantCase]

test.each(cases.map((each) => [each.connector.definition.name, each] as const))(
  'the case of %s reads and writes what its stand-in has',
  async (_name, its) => {
    const { connector, read, write } = its
    const standIn = await startOf(its, Date.now)
    const desk = atTheDoor(connector(), standIn)
    const actions = connector.definition.actions as Record<string, AnyAction>
    parse(actions[read.action]!.definition.input, read.args, 'The arguments')
    await desk.run(read.action, read.args)
    await desk.run(write.action, write.args(1), 'reeve:run-1:1')
    await desk.run(write.action, write.args(2), 'reeve:run-2:1')
    expect([standIn.books.count(write.deed), standIn.books.doubled()]).toEqual([2, []])
    await standIn.close()
  },
)
