import { defineConfig } from 'reeve'
import { train, triageConfig } from './triage-config.ts'

export default defineConfig(triageConfig(await train(), ['knowledge']))
