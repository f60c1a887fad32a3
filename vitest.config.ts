import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

// `import 'reeve'` means the sources, in tests and in the processes that they start.
const conditions = ['reeve-source']
// Node knows no condition `module`: what packages have under it need not run there.
const serverConditions = defaultServerConditions.filter((condition) => condition !== 'module')
const nodeOptions = `${process.env.NODE_OPTIONS ?? ''} --conditions=reeve-source`.trim()

export default defineConfig({
  ssr: {
    resolve: { conditions: [...conditions, ...serverConditions], externalConditions: conditions },
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'bench/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/fixtures/**', '**/.tmp/**', 'bench/.peers/**'],
    setupFiles: ['vitest.setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Guards against what never ends; on a busy machine a test may take ten times as long as on an idle one.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    env: { NODE_OPTIONS: nodeOptions },
  },
})
