import { join } from 'node:path'
import { defineConfig } from 'reeve'
import { train, triageConfig } from '../triage-config.ts'
import { chat, mail } from './connections.ts'

const { services: _receivers, ...triage } = triageConfig(await train(), [
  join(import.meta.dirname, '../knowledge'),
])

export default defineConfig({ ...triage, connectors: { email: mail, slack: chat } })
