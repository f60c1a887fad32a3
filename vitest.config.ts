import { join } from 'node:path'
import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// `import 'reeve'` means the sources, in tests and in the processes that they start.
const conditions = ['reeve-source']
// Node knows no condition `module`: what packages have under it need not run there.
const serverConditions = defaultServerConditions.filter((condition) => condition !== 'module')
const nodeOptions = `${process.env.NODE_OPTIONS ?? ''} --conditions=reeve-source`.trim()

const include = ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'bench/**/*.test.ts']
const exclude = ['**/node_modules/**', '**/fixtures/**', '**/.tmp/**', 'bench/.peers/**']
/**
 * Their tests leave nothing behind in a process but what they make themselves: the files share a few processes, so that each
 * module is loaded a few times and not once for each file, which is a quarter of their time.
 */
const sharing = [
  'agents',
  'approvals',
  'audit',
  'connectors',
  'engine',
  'evals',
  'governance',
  'inspect',
  'learning',
  'memory',
  'models',
  'secrets',
  'text',
  'tools',
  'triggers',
  'undo',
].map((room) => `packages/reeve/test/${room}/**/*.test.ts`)

/** Those that take longest begin first, so that no worker is left with one of them while the other has nothing to do. */
const longest = [
  'packed/package',
  'dashboard/test/pages',
  'contract.postgres',
  'cli/remote',
  'store/blocked-worker',
]
const rankOf = ({ moduleId }: TestSpecification) => {
  const rank = longest.findIndex((name) => moduleId.includes(`${name}.test.`))
  return rank < 0 ? longest.length : rank
}

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const sorted = await super.sort(files)
    return sorted.sort((left, right) => rankOf(left) - rankOf(right))
  }
}

export default defineConfig({
  ssr: {
    resolve: { conditions: [...conditions, ...serverConditions], externalConditions: conditions },
  },
  test: {
    projects: [
      { extends: true, test: { name: 'apart', include, exclude: [...exclude, ...sharing] } },
      { extends: true, test: { name: 'sharing', include: sharing, exclude, isolate: false } },
    ],
    setupFiles: ['vitest.setup.ts'],
    pool: 'forks',
    // One more than the cores of a small machine: many tests wait for processes, clocks and disks.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // Guards against what never ends: on a busy machine a test may take twenty times as long as on an idle one.
    testTimeout: 400_000,
    hookTimeout: 400_000,
    // Hundreds of processes load the same sources: what Node made of them is kept.
    env: {
      NODE_OPTIONS: nodeOptions,
      NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node-compile'),
    },
  },
})
