import { DBOS } from '@dbos-inc/dbos-sdk'
import pg from 'pg'
import { closedLoop, measure, resultOf, versionsOf } from './measure.ts'

await measure(async (spec) => {
  DBOS.setConfig({
    name: 'six-steps',
    systemDatabaseUrl: spec.server.url,
    // Its default is 10 connections; 20 was the best of 10, 20 and 50 here.
    systemDatabasePoolSize: 20,
    logLevel: 'error',
  })
  const workflow = DBOS.registerWorkflow(
    async (number) => {
      for (let step = 1; step <= spec.steps; step++) {
        await DBOS.runStep(async () => resultOf(number, step, spec.resultBytes), { name: `step-${step}` })
      }
      return { steps: spec.steps }
    },
    { name: 'six-steps' },
  )
  await DBOS.launch()

  const client = new pg.Client({ connectionString: spec.server.url })
  await client.connect()
  const setting = async (name) => Object.values((await client.query(`show ${name}`)).rows[0])[0]
  return {
    versions: { ...versionsOf('.', '@dbos-inc/dbos-sdk'), postgres: await setting('server_version') },
    durability: `synchronous_commit=${await setting('synchronous_commit')} fsync=${await setting('fsync')}`,
    drive: closedLoop((number) => workflow(number)),
    count: async () => {
      const { rows } = await client.query(
        `select count(*)::int as found from dbos.workflow_status as run
         where status = 'SUCCESS' and $1 = (
           select count(*) from dbos.operation_outputs where workflow_uuid = run.workflow_uuid
         )`,
        [spec.steps],
      )
      return rows[0].found
    },
    close: async () => {
      await client.end()
      await DBOS.shutdown()
    },
  }
})
