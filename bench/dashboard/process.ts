import { openStage } from '../../packages/dashboard/test/stage.ts'
import { listRunPage } from '../../packages/reeve/src/inspect/lists/run-list.ts'
import { internalsOf } from '../../packages/reeve/src/runtime/runtime.ts'
import type { StageMessage } from './contract.ts'

// A project with something of everything, served until this process is ended.
const stage = await openStage('some', { hasDirectives: true, checksAnswers: false })
const { name, value } = await stage.cookieOf('owner')
const { runs } = await listRunPage(internalsOf(stage.runtime).database, { status: 'waiting', limit: 1 })
process.once('SIGTERM', () => void stage.close().then(() => process.exit(0)))
const said: StageMessage = {
  kind: 'listens',
  url: stage.url,
  cookie: `${name}=${value}`,
  run: runs[0]!.id,
}
process.send?.(said)
